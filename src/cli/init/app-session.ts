import type { Choices } from './choices.ts'
import type { Extension } from './code.ts'

/** Returns a text if users sign in with the app's own sign-in, otherwise nothing. */
export const whenAppSession = ({ users }: Choices, text: string): string =>
  users === 'app-session' ? text : ''

/** Returns the import of the sign-in page. */
export const signInImport = (choices: Choices, extension: Extension): string =>
  whenAppSession(choices, `import { createSignIn } from './sign-in.${extension}'\n`)
