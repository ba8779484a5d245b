import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/*
 * Loaded before a program. It resolves `consulate` to a bundle of this repository, other packages to the installed clients,
 * and files beside the program to the blocks of its page. It lets the test advance the program's clock together with the
 * server's: the test sends the number of milliseconds. Timers keep the real time.
 */
const folder = pathToFileURL(`${import.meta.dirname}/`).href
const root = pathToFileURL(`${process.env['PACKAGE']}/package.json`).href
const modules = JSON.parse(process.env['MODULES'] ?? '{}') as Readonly<Record<string, string>>

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context
    const isProgram =
      !parentURL.startsWith('file:') ||
      parentURL.endsWith('[eval1]') ||
      modules[fileIn(parentURL)] !== undefined
    if (!isProgram) return next(specifier, context)
    const file = specifier.replace(/^\.\//, '')
    if (modules[file] !== undefined) return { url: folder + file, format: 'module', shortCircuit: true }
    return next(specifier, {
      ...context,
      parentURL: /^consulate(\/|$)/.test(specifier) ? root : `${folder}program.js`,
    })
  },
  load(url, context, next) {
    const source = modules[fileIn(url)]
    return source === undefined ? next(url, context) : { source, format: 'module', shortCircuit: true }
  },
})

/** Returns the name of a file in this folder. */
function fileIn(url: string): string {
  return url.startsWith(folder) ? url.slice(folder.length) : ''
}

const SystemDate = Date
let offset = 0

class ShiftedDate extends SystemDate {
  constructor(...parts: readonly unknown[]) {
    if (parts.length === 0) super(ShiftedDate.now())
    else super(...(parts as [number]))
  }

  static override now(): number {
    return SystemDate.now() + offset
  }
}

globalThis.Date = ShiftedDate as DateConstructor
process.on('message', (milliseconds: number) => {
  offset += milliseconds
  process.send?.('advanced')
})
process.channel?.unref()
