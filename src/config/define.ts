import type { BaseUser } from '../users/provider.ts'
import type { Config } from './config.ts'

/**
 * Gives back what it is given, checked by the compiler: for `consulate.config.ts`, which the command line reads from the
 * directory that it runs in (`export default defineConfig({ ... })`), and your application too.
 */
export const defineConfig = <const Scope extends string, User extends BaseUser>(
  config: Config<Scope, User>,
): Config<Scope, User> => config
