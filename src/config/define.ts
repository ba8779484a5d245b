import type { BaseUser } from '../users/provider.ts'
import type { Config } from './config.ts'

/**
 * Gives back what it is given, checked by the compiler: for `consulate.config.ts`, which the command line reads from the
 * directory that it runs in (`export default defineConfig({ ... })`), and your application too.
 */
export const defineConfig = <
  const Scope extends string,
  User extends BaseUser,
  const Main extends string = 'users',
  const Other extends string = never,
>(
  config: Config<Scope, User, Main, Other>,
): Config<Scope, User, Main, Other> => config
