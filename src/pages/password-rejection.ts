import { cleanText } from './isolate.ts'
import type { Messages } from './messages.ts'

/** What the built-in users say. */
const TOO_SHORT = /^The password must have at least (\d+) characters$/
const TOO_LONG = /^The password must have at most (\d+) bytes$/

/** Returns the sentence for a rejected password: translated if the reason is one of ours, else in the words of your app. */
export function rejectionText(message: string, text: Messages['password']): string {
  const [minimum, maximum] = [TOO_SHORT.exec(message)?.[1], TOO_LONG.exec(message)?.[1]]
  if (minimum !== undefined) return text.tooShort(Number(minimum))
  return maximum === undefined ? text.rejected(cleanText(message)) : text.tooLong(Number(maximum))
}
