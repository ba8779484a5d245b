import type { Choices, Language } from './choices.ts'
import type { Extension } from './code.ts'

/** What the project of a framework consists of, besides the configuration. */
export interface AppTemplate {
  /** The packages that it runs with. */
  readonly packages: readonly string[]
  /** The packages that it is built with. */
  readonly tools?: Readonly<Partial<Record<Language, readonly string[]>>>
  /** The versions of packages that this repository does not depend on. */
  readonly versions?: Readonly<Record<string, string>>
  /** True if a bundler loads the files: their extension does not depend on the `type` of the package. */
  readonly isBundled?: boolean
  /** The npm scripts. Default: Node runs `app.ts` as it is. */
  readonly scripts?: Readonly<Record<string, string>>
  /** The text of tsconfig.json. Default: the options under which Node runs the files as they are. */
  readonly tsconfig?: string
  /** Entries of .gitignore for what the build writes. */
  readonly ignores?: readonly string[]
  /** True if there is no JavaScript without a build. */
  readonly isTypeScriptOnly?: boolean
  /** What its handlers receive. Default: the requests of `node:http`. */
  readonly requests?: 'node' | 'fetch'
  /** Returns the texts of its files by path. */
  readonly files: (choices: Choices, extension: Extension) => Readonly<Record<string, string>>
}
