import { html, type Html } from '../../lib/html.ts'
import type { DemoClients } from './oauth-client.ts'
import { codeBox, demoPage } from './page.ts'
import { DEMO_CLIENTS, DEMO_EMAIL } from './setup.ts'

/** Renders the demo's home page. It has no secrets: those are printed to the terminal. */
export const homePage = ({ web, app }: DemoClients, origin: string): Html =>
  demoPage(
    'Your OAuth server is running',
    html`<p>
        Sign in as <strong>${DEMO_EMAIL}</strong>. The password was printed in the terminal when the demo
        started for the first time.
      </p>
      <h2>Sign in to an app</h2>
      <p>Sign in, allow access, and see how the app exchanges its code for tokens.</p>
      <div class="row">
        <a class="primary" href="${web.authorizationUrl}">Web app</a>
        <a class="secondary" href="${app.authorizationUrl}">Public client without a secret</a>
        <a class="secondary" href="/login">Just sign in</a>
      </div>
      <h2>Connect a device</h2>
      <p>
        The device shows a code, and you <a href="/oauth/device">enter it here</a>. Run a TV in your terminal:
      </p>
      ${codeBox(`ISSUER=${origin} npm run example examples/tv.ts`)}
      <h2>Manage your account</h2>
      <p>
        Sign out devices, disconnect apps, create personal access tokens for your own scripts, and register an
        app of your own.
      </p>
      <div class="row">
        <a class="secondary" href="/account/devices">Devices</a>
        <a class="secondary" href="/account/apps">Connected apps</a>
        <a class="secondary" href="/account/tokens">Personal access tokens</a>
        <a class="secondary" href="/account/developer">Developer apps</a>
      </div>
      <h2>Get an access token for a machine</h2>
      <p>The secret is in the terminal.</p>
      ${codeBox(
        `curl -s -u "${DEMO_CLIENTS.machine}:$SECRET" -d grant_type=client_credentials -d scope=orders:read ${origin}/oauth/token`,
      )}
      <h2>Call the API</h2>
      ${codeBox(`curl -s -H "Authorization: Bearer $TOKEN" ${origin}/api/machine`)}
      ${codeBox(`curl -s -H "Authorization: Bearer $TOKEN" ${origin}/api/orders`)}
      <p class="note soft">
        <a href="/.well-known/oauth-authorization-server">Server metadata</a> ·
        <a href="/.well-known/jwks.json">Public keys</a>
      </p>`,
  )
