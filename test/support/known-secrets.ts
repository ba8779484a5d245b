import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** The secrets of a run: whatever must not be found anywhere but with whom it was given to. */
export interface KnownSecrets {
  /** Remembers a secret, with what it is; gives it back. */
  add(kind: string, value: string): string
  readonly entries: ReadonlyMap<string, string>
}

/** Where to search. */
export interface Places {
  readonly logs: readonly string[]
  readonly events: readonly unknown[]
  /** A SQLite file; its journal is searched too. */
  readonly file: string
}

/** Makes an empty knownSecrets. */
export function createKnownSecrets(): KnownSecrets {
  const entries = new Map<string, string>()
  return {
    entries,
    add(kind, value) {
      // What is shorter could be found by chance. User codes are the shortest.
      if (value.length >= 8) entries.set(value, kind)
      return value
    },
  }
}

/** Every secret that was found where it must not be: `access token in the log`. */
export function findLeaks({ entries }: KnownSecrets, { logs, events, file }: Places): readonly string[] {
  const places: Readonly<Record<string, string>> = {
    'the log': logs.join(''),
    'the events': JSON.stringify(events),
    'the tables': dumpTables(file),
    'the bytes of the file': bytesOf(file),
    'the bytes of its journal': bytesOf(`${file}-wal`),
  }
  const needles = [...entries].flatMap(([value, kind]) =>
    spellings(value).map((text) => [text, kind] as const),
  )
  return Object.entries(places).flatMap(([place, text]) =>
    needles
      .filter(([needle]) => text.includes(needle))
      .map(([needle, kind]) => `${kind} in ${place}: ${needle}`),
  )
}

/** Every row of every table as text. */
export function dumpTables(file: string): string {
  if (!existsSync(file)) return ''
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
    const rows = tables.flatMap(({ name }) => database.prepare(`select * from "${String(name)}"`).all())
    return rows.map((row) => Object.values(row).map(String).join('\n')).join('\n')
  } finally {
    database.close()
  }
}

const bytesOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'latin1') : '')

/** The text itself, and the signature of a JWT or the last part of what has several: a part of a secret is one too. */
function spellings(value: string): readonly string[] {
  const last = value.split('.').at(-1) ?? value
  return last.length >= 43 && last !== value ? [value, last] : [value]
}
