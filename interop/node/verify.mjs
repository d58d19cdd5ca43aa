// A service in Node that trusts munjigi's published keys: `node verify.mjs URL`. A line of standard input is a token; the
// answer is a line of JSON, its claims or why it is refused. The keys are fetched and kept as jose does it, but that an
// unknown `kid` is asked for at once and not after half a minute: a test does not wait.
import { createInterface } from "node:readline";
import { createRemoteJWKSet, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL(process.argv[2]), { cooldownDuration: 0 });

for await (const token of createInterface({ input: process.stdin })) {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys);
    console.log(JSON.stringify({ payload, header: protectedHeader }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.code ?? String(error) }));
  }
}
