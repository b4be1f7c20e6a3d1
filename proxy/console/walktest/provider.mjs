// Serves an OpenID Connect provider (npm package oidc-provider) with one client on a free port:
// node provider.mjs CLIENT SECRET REDIRECT AFTERLOGOUT. It prints its issuer. Whoever logs in is the subject
// that they typed; ann is of the group ops.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [client, secret, redirect, after] = process.argv.slice(2);
const server = createServer((request, response) => handle(request, response));
let handle = (_, response) => response.end();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect], post_logout_redirect_uris: [after], grant_types: ["authorization_code"], response_types: ["code"] }],
    claims: { openid: ["sub", "groups"] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, groups: id === "ann" ? ["ops"] : [] }) }),
  });
  handle = provider.callback();
  console.log(issuer);
});
