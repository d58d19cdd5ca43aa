"""What the projects have in common, so that each shows only what is its own. Their settings.py puts it on the path."""
