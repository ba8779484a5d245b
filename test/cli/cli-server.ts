import { onTestFinished } from 'vitest'
import { join } from 'node:path'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser, type Browser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { createKnownSecrets } from '../support/known-secrets.ts'
import { getCodeFlowTokens, refresh, type CodeFlow } from '../support/oauth-client.ts'
import type { TestServer } from '../support/server.ts'
import { consulate, installed, serve, type AtEnd, type Outcome, type Variables } from './run.ts'

/** A user who is signed in to a server in a browser and has authorized a client. */
export interface SignedInUser {
  readonly browser: Browser
  readonly client: CodeFlow['client']
  readonly refreshToken: string
  /** Returns whether the browser is still signed in. */
  isSignedIn(): Promise<boolean>
  /** Refreshes with the first refresh token and returns the status. */
  refresh(): Promise<number>
}

/** A running `consulate serve` with its directory. */
export interface CliServer {
  readonly cwd: string
  /** Runs a command in the server's directory. */
  run(...args: readonly string[]): Promise<Outcome>
  /** Opens the server's store a second time. */
  openStore(): Store
  /** Signs in with a new browser and returns whether that worked. */
  signIn(email: string, password: string): Promise<boolean>
  /** Signs in with a new browser and authorizes a client. */
  signInTo(email: string, password: string, client: CodeFlow['client']): Promise<SignedInUser>
  stop(): Promise<Outcome>
}

/** Starts a server with a new database. */
export async function startCliServer(atEnd: AtEnd = onTestFinished): Promise<CliServer> {
  const cwd = await installed(atEnd)
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const env: Variables = { CONSULATE_ISSUER: origin, CONSULATE_SCOPES: 'orders:read=See your orders' }
  const running = await serve(cwd, [], { ...env, PORT: port }, atEnd)
  const knownSecrets = createKnownSecrets()
  // The helpers for browsers use only these parts of a test server.
  const server = {
    origin,
    issuer: origin,
    knownSecrets,
    endpoint: (path: string) => origin + path,
  } as TestServer
  const openSignedIn = async (email: string, password: string): Promise<Browser> => {
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(`${origin}/login`), { email, password })
    return browser
  }
  const isIn = async (browser: Browser): Promise<boolean> =>
    (await browser.open(`${origin}/login`)).forms.length === 0
  return {
    cwd,
    run: (...args) => consulate(cwd, args, { env }),
    openStore: () => openStore(join(cwd, 'data/consulate.db')),
    signIn: async (email, password) => isIn(await openSignedIn(email, password)),
    async signInTo(email, password, client) {
      const browser = await openSignedIn(email, password)
      const visit = { server, browser, client, user: { id: '', email, password } }
      const tokens = await getCodeFlowTokens(visit)
      return {
        browser,
        client,
        refreshToken: tokens.refresh_token,
        isSignedIn: () => isIn(browser),
        refresh: async () => (await refresh(visit, tokens.refresh_token)).status,
      }
    },
    stop: () => running.stop(),
  }
}

function openStore(path: string): Store {
  const store = sqlite(path)
  onTestFinished(() => store.close())
  return store
}
