import type { Choices, Language } from './choices.ts'
import type { Extension } from './code.ts'

/** What the project of a framework consists of, besides the configuration. */
export interface AppTemplate {
  /** The packages that it runs with. */
  readonly packages: readonly string[]
  /** The packages that it is built with. */
  readonly tools?: Readonly<Partial<Record<Language, readonly string[]>>>
  /** The npm scripts. Default: Node runs `app.ts` as it is. */
  readonly scripts?: Readonly<Record<string, string>>
  /** Returns the texts of its files by path. */
  readonly files: (choices: Choices, extension: Extension) => Readonly<Record<string, string>>
}
