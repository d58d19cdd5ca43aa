//! What grows and is no longer needed: Django's `clearsessions`, simplejwt's `flushexpiredtokens`.
