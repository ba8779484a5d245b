import { html, type Html } from '../../lib/html.ts'
import { DEMO_CLIENTS, DEMO_EMAIL } from './cast.ts'
import { codeBox, demoPage } from './page.ts'
import type { DemoClients } from './sign-in.ts'

/** The demo's first page: what to open and what to paste. No secret is on it; those are in the terminal. */
export const homePage = ({ web, app }: DemoClients, origin: string): Html =>
  demoPage(
    'It works',
    html`<p>
        The demo person is <strong>${DEMO_EMAIL}</strong>. The password was printed in the terminal at the
        first start.
      </p>
      <h2>A person lets a client in</h2>
      <p>Sign in, allow it, and see the code exchanged and the token decoded.</p>
      <div class="row">
        <a class="primary" href="${web.authorizationUrl}">As a web application</a>
        <a class="secondary" href="${app.authorizationUrl}">As an app without a secret</a>
        <a class="secondary" href="/login">Only sign in</a>
      </div>
      <h2>A device without a browser</h2>
      <p>It shows a code, and you type it in <a href="/oauth/device">here</a>. A TV for a terminal:</p>
      ${codeBox(`ISSUER=${origin} npm run example examples/tv.ts`)}
      <h2>A person makes a token for a script</h2>
      <div class="row"><a class="secondary" href="/account/tokens">Personal access tokens</a></div>
      <h2>A machine gets a token</h2>
      ${codeBox(
        `curl -s -u "${DEMO_CLIENTS.machine}:$SECRET" -d grant_type=client_credentials -d scope=orders:read ${origin}/oauth/token`,
      )}
      <h2>And uses it</h2>
      ${codeBox(`curl -s -H "Authorization: Bearer $TOKEN" ${origin}/api/machine`)}
      ${codeBox(`curl -s -H "Authorization: Bearer $TOKEN" ${origin}/api/orders`)}
      <p class="note soft">
        <a href="/.well-known/oauth-authorization-server">What the server says of itself</a> ·
        <a href="/.well-known/jwks.json">Its public keys</a>
      </p>`,
  )
