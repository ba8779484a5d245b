import type { Settings } from '../config/settings.ts'
import { denyDevice, postDevice, showDevice } from './account/device.ts'
import {
  createPersonalToken,
  deletePersonalToken,
  listPersonalTokens,
} from './account/personal-tokens-api.ts'
import { postPersonalTokens, showPersonalTokens } from './account/personal-tokens.ts'
import { scopes } from './account/scopes.ts'
import { showSignIn, signIn } from './auth/sign-in.ts'
import { showSignOut, signOut } from './auth/sign-out.ts'
import type { Answer } from '../lib/http.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import { responseTypesOf } from '../model/response-type.ts'
import type { Endpoint, Exchange, Handler } from './endpoint.ts'
import { ID } from './find.ts'
import { authorize, postAuthorize } from './oauth/authorize.ts'
import { deny } from './oauth/consent.ts'
import { deviceAuthorization } from './oauth/device-authorization.ts'
import { jwks, metadata } from './oauth/metadata.ts'
import { revocations } from './oauth/revocations.ts'
import { token } from './oauth/token.ts'
import { pathsOf, peoplePathsOf } from './paths.ts'

/** Every endpoint that the settings turn on. */
export function endpointsOf(settings: Settings): readonly Endpoint[] {
  const paths = pathsOf(settings)
  const { grants, providers } = settings
  const authorizing = { GET: authorize, POST: postAuthorize, DELETE: deny }
  const devices = { POST: deviceAuthorization }
  return [
    ...on(responseTypesOf(grants).length > 0, () => [
      endpoint('authorize', paths.authorize, authorizing, 'nobody', 'page'),
    ]),
    ...on(grants.has(DEVICE_GRANT), () => [
      endpoint('device authorization', paths.deviceAuthorization, devices, 'clients', 'json'),
    ]),
    ...on(settings.personalTokens !== undefined || GRANTS_OF_PEOPLE.some((type) => grants.has(type)), () =>
      providers.flatMap((provider) => peoplePages(settings, provider)),
    ),
    ...on(settings.personalTokens !== undefined, () => [
      endpoint('scopes', paths.scopes, { GET: scopes }, 'nobody', 'json'),
    ]),
    endpoint('token', paths.token, { POST: token }, 'clients', 'json'),
    endpoint('revocations', paths.revocations, { GET: revocations }, 'nobody', 'json'),
    endpoint('metadata', paths.metadata, { GET: metadata }, 'everyone', 'json'),
    endpoint('jwks', paths.jwks, { GET: jwks }, 'everyone', 'json'),
  ]
}

/** The grants for which people sign in here. */
const GRANTS_OF_PEOPLE = ['authorization_code', 'implicit', DEVICE_GRANT] as const

const on = (isOn: boolean, list: () => readonly Endpoint[]): readonly Endpoint[] => (isOn ? list() : [])

/** What people of one provider do in a browser. */
function peoplePages(settings: Settings, provider: string): readonly Endpoint[] {
  const paths = peoplePathsOf(settings, provider)
  const named = (name: string): string => (provider === settings.provider ? name : `${name} (${provider})`)
  const of = (handle: (exchange: Exchange, provider: string) => Promise<Answer>): Handler => {
    return (exchange) => handle(exchange, provider)
  }
  const tokens = { GET: of(listPersonalTokens), POST: of(createPersonalToken) }
  const oneToken = { DELETE: of(deletePersonalToken) }
  const tokensPage = { GET: of(showPersonalTokens), POST: of(postPersonalTokens) }
  const device = { GET: of(showDevice), POST: of(postDevice), DELETE: of(denyDevice) }
  return [
    endpoint(named('login'), paths.signIn, { GET: of(showSignIn), POST: of(signIn) }, 'nobody', 'page'),
    endpoint(named('logout'), paths.signOut, { GET: of(showSignOut), POST: of(signOut) }, 'nobody', 'page'),
    ...on(settings.grants.has(DEVICE_GRANT), () => [
      endpoint(named('device'), paths.device, device, 'nobody', 'page'),
    ]),
    ...on(settings.personalTokens !== undefined, () => [
      endpoint(named('personal tokens'), paths.personalTokens, tokens, 'nobody', 'json'),
      endpoint(named('personal token'), `${paths.personalTokens}/${ID}`, oneToken, 'nobody', 'json'),
      endpoint(named('tokens page'), paths.tokensPage, tokensPage, 'nobody', 'page'),
    ]),
  ]
}

const endpoint = (
  name: string,
  path: string,
  methods: Endpoint['methods'],
  sharing: Endpoint['sharing'],
  errors: Endpoint['errors'],
): Endpoint => ({ name, path, methods, sharing, errors })
