import type { RolldownOptions } from 'rolldown'

/** Node cannot run decorators: compiles main.ts, and leaves packages as they are. */
const config: RolldownOptions = {
  input: `${import.meta.dirname}/main.ts`,
  platform: 'node',
  external: /^(@nestjs|consulate|node:|reflect-metadata)/,
  tsconfig: `${import.meta.dirname}/tsconfig.json`,
  output: { dir: `${import.meta.dirname}/dist` },
  logLevel: 'silent',
}
export default config
