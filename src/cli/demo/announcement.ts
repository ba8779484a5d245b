import type { ResetLink } from '../../users/password-reset.ts'
import { displayNameOf } from '../../users/provider.ts'
import { displayPath } from '../config-error.ts'
import { bold, dim, print } from '../output.ts'
import type { DemoClients } from './oauth-client.ts'
import { DEMO_CLIENTS, DEMO_EMAIL, type DemoSecrets } from './setup.ts'

/** What the demo prints when it is ready. */
export interface Announcement {
  readonly origin: string
  /** The data directory. */
  readonly directory: string
  readonly secrets: DemoSecrets
  readonly clients: DemoClients
  /** Undefined if the demo user existed before this start. */
  readonly password: string | undefined
}

/** Prints what to open in a browser and what to paste into a terminal. */
export function announce({ origin, directory, secrets, clients, password }: Announcement): void {
  const data = displayPath(directory)
  print(
    '',
    `The Consulate demo is running on ${bold(origin)}`,
    '',
    `${bold('Sign in')}  ${origin}/login`,
    `  Email     ${DEMO_EMAIL}`,
    `  Password  ${password === undefined ? dim(`as printed at the first start (to reset it, delete ${data})`) : `${bold(password)}  ${dim('(shown only once)')}`}`,
    '',
    `${bold('Sign in to a web app')}  ${dim('and see the tokens that it gets')}`,
    clients.web.authorizationUrl,
    '',
    `${bold('Connect a TV')}  ${dim('run this in a clone of the repository, then enter the code')}`,
    `ISSUER=${origin} npm run example examples/tv.ts`,
    '',
    `${bold('Create a personal access token')}  ${dim('for your own scripts')}`,
    `${origin}/account/tokens`,
    '',
    `${bold('Sign in from your own app')}  ${dim(signInHint(password))}`,
    ...signInCurl(origin, password),
    '',
    `${bold('Get an access token for a machine')}  ${dim('client credentials')}`,
    machineCurl(origin, secrets),
    '',
    `${bold('Call the API')}  ${dim('with the access_token from above as $TOKEN')}`,
    `curl -s -H "Authorization: Bearer $TOKEN" ${origin}/api/machine`,
    '',
    dim(`Data is stored in ${data}. Press Ctrl-C to stop.`),
    '',
  )
}

const signInHint = (password: string | undefined): string =>
  password === undefined
    ? 'set $PASSWORD first, then $TOKEN to the access_token'
    : 'then list devices with the access_token as $TOKEN'

/** Returns lines of at most 80 characters. */
const signInCurl = (origin: string, password = '$PASSWORD'): readonly string[] => [
  `curl -s -d username=${DEMO_EMAIL} -d "password=${password}" \\`,
  `  ${origin}/auth/login`,
  `curl -s -H "Authorization: Bearer $TOKEN" ${origin}/auth/devices`,
]

const machineCurl = (origin: string, { machineSecret }: DemoSecrets): string =>
  `curl -s -u '${DEMO_CLIENTS.machine}:${machineSecret}' -d grant_type=client_credentials -d scope=orders:read ${origin}/oauth/token`

/** Prints the link for a forgotten password, because the demo sends no mail. */
export const printResetLink = ({ user, url }: ResetLink): void =>
  print('', `${bold('Reset the password')}  ${dim(`of ${displayNameOf(user)}`)}`, url)
