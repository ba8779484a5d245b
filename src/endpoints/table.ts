import type { Settings } from '../config/settings.ts'
import { showSignIn, signIn } from './auth/sign-in.ts'
import { showSignOut, signOut } from './auth/sign-out.ts'
import type { Endpoint } from './endpoint.ts'
import { authorize, postAuthorize } from './oauth/authorize.ts'
import { deny } from './oauth/consent.ts'
import { jwks, metadata } from './oauth/metadata.ts'
import { revocations } from './oauth/revocations.ts'
import { token } from './oauth/token.ts'
import { pathsOf } from './paths.ts'

/** Every endpoint that the settings turn on. */
export function endpointsOf(settings: Settings): readonly Endpoint[] {
  const paths = pathsOf(settings)
  const pages: readonly Endpoint[] = [
    endpoint(
      'authorize',
      paths.authorize,
      { GET: authorize, POST: postAuthorize, DELETE: deny },
      'nobody',
      'page',
    ),
    endpoint('login', paths.signIn, { GET: showSignIn, POST: signIn }, 'nobody', 'page'),
    endpoint('logout', paths.signOut, { GET: showSignOut, POST: signOut }, 'nobody', 'page'),
  ]
  return [
    ...(settings.grants.has('authorization_code') ? pages : []),
    endpoint('token', paths.token, { POST: token }, 'clients', 'json'),
    endpoint('revocations', paths.revocations, { GET: revocations }, 'nobody', 'json'),
    endpoint('metadata', paths.metadata, { GET: metadata }, 'everyone', 'json'),
    endpoint('jwks', paths.jwks, { GET: jwks }, 'everyone', 'json'),
  ]
}

const endpoint = (
  name: string,
  path: string,
  methods: Endpoint['methods'],
  sharing: Endpoint['sharing'],
  errors: Endpoint['errors'],
): Endpoint => ({ name, path, methods, sharing, errors })
