// Creates an application, with what Node.js 18 has: node create.mjs NAME
// GATEWAY, ORGANIZATION and TOKEN say where, for whom, and with which key.
import { randomUUID } from "node:crypto";

const { GATEWAY, ORGANIZATION, TOKEN } = process.env;
const REPEATED = new Set([409, 425, 429, 503]);
const ATTEMPTS = 5;

class Refused extends Error {
  constructor(error) {
    super([`${error.code} ${error.message}`, ...(error.data?.errors ?? []).map((e) => `${e.pointer}: ${e.message}`)].join("\n"));
    this.code = error.code;
  }
}

async function createApplication(application) {
  const request = {
    method: "POST",
    headers: {
      Authorization: `Bearer ${TOKEN}`,
      "Content-Type": "application/json",
      "Idempotency-Key": randomUUID(), // the same in each attempt: however often it is sent, it creates once
    },
    body: JSON.stringify(application),
  };
  let last;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    let seconds = 1;
    try {
      const response = await fetch(`${GATEWAY}/v1/organizations/${ORGANIZATION}/apps`, {
        ...request,
        signal: AbortSignal.timeout(10_000),
      });
      const answer = await response.json();
      if (response.ok) return answer.data;
      last = new Refused(answer.error);
      if (!REPEATED.has(response.status)) throw last;
      seconds = Number(response.headers.get("Retry-After") ?? seconds);
    } catch (error) {
      if (error instanceof Refused) throw error;
      last = error; // no answer: nothing is known
    }
    if (attempt < ATTEMPTS) await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
  throw last;
}

try {
  const { id, slug } = await createApplication({ name: process.argv[2], configuration: { notificationLanguage: "en" } });
  console.log(id, slug);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
