// A real OpenID Connect provider for the tests of signing in, on the loopback interface.
//
// Usage: node oidc-provider.mjs REDIRECT_URI [PORT]
//
// Prints its issuer address as the first line. Every start makes new signing keys, so a restart on the same port is a
// rotation of keys. The client is `operon` with the secret `operon-secret`. Its sign-in page lists the accounts; a form
// field `account` picks one, `cancel` says no. Ends when its standard input is closed.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import process from "node:process";

import { Provider, errors } from "oidc-provider";

const ACCOUNTS = {
  ada: { name: "Ada Lovelace", preferred_username: "ada", email: "ada@example.org", email_verified: true },
  bob: { name: "Bob Stranger", preferred_username: "bob.s", email: "ada@example.org", email_verified: false },
  nobody: {},
};

const [redirectUri, port] = process.argv.slice(2);

/** A new signing key with a name of its own. */
function signingKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: randomUUID() };
}

function configuration() {
  return {
    clients: [
      {
        client_id: "operon",
        client_secret: "operon-secret",
        redirect_uris: [redirectUri],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomUUID()] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    scopes: ["openid", "profile", "email"],
    claims: { profile: ["name", "preferred_username"], email: ["email", "email_verified"] },
    interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
    findAccount: (_ctx, id) =>
      Object.hasOwn(ACCOUNTS, id) ? { accountId: id, claims: () => ({ sub: id, ...ACCOUNTS[id] }) } : undefined,
    // Signing in is consent enough here.
    loadExistingGrant: async (ctx) => {
      const { client, session, provider } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  };
}

async function form(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

/** The sign-in page: shows the accounts, and takes the choice. */
async function signIn(provider, request, response) {
  if (request.method !== "POST") {
    const buttons = Object.keys(ACCOUNTS).map((id) => `<button name="account" value="${id}">${id}</button>`);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><title>Test provider</title><form method="post">${buttons.join(" ")}
<button name="cancel" value="1">cancel</button></form>`);
    return;
  }
  const chosen = await form(request);
  const result = chosen.has("cancel")
    ? { error: "access_denied", error_description: "the person said no" }
    : { login: { accountId: chosen.get("account") } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

// Standard output carries the issuer alone; the reader may hang up after it.
console.info = console.error;

const server = createServer();
server.listen(Number(port ?? 0), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration());
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith("/sign-in/")) {
      answer(request, response);
      return;
    }
    signIn(provider, request, response).catch((error) => {
      response.statusCode = error instanceof errors.OIDCProviderError ? error.statusCode : 500;
      response.end(error.message);
    });
  });
  console.log(issuer);
});

process.stdin.on("end", () => process.exit(0)).resume();
