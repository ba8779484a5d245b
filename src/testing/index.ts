import '../lib/node-version.ts'
export { testClient } from './test-client.ts'
export type { ClientKind } from './test-client.ts'
export { storeSuite } from './store-suite.ts'
export type { TestFunctions } from './store/suite.ts'
export { createTestGuard } from './test-guard.ts'
export type { TestGuard, TestGuardOptions } from './test-guard.ts'
export type { ActingAs, TokenDetails } from './acting.ts'
export type { ClientLike, Granted } from './granted.ts'
export { createTestServer } from './test-server.ts'
export type { TestConfig, TestServer, TestServerOptions } from './test-server.ts'
export type { TestClock } from './test-clock.ts'
export type { AccessTokenDetails, InvalidToken } from './server-tokens.ts'
export type { TestBrowser } from './test-browser.ts'
export type {
  RequestParameters,
  SignInRequest,
  TestClient,
  TestTokens,
  TokenRequestOptions,
} from './oauth-client.ts'
export type { TestUser } from './test-user.ts'
