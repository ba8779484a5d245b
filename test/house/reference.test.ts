import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow } from './repository.ts'

const files = filesBelow()
const read = (path: string): string => files[path] ?? ''

/** Returns the names that a pattern matches in the part of a file between two texts. */
function namesIn(path: string, from: string, to: string, pattern: RegExp): readonly string[] {
  const rest = read(path).slice(read(path).indexOf(from))
  const part = rest.slice(0, rest.includes(to) ? rest.indexOf(to) : undefined)
  return [...part.matchAll(pattern)].map(([, name = '']) => name)
}

const MEMBER = /^ {2}readonly (\w+)\??:/gm

const rules: Readonly<Record<string, { readonly names: readonly string[]; readonly page: string }>> = {
  'every client option': {
    names: namesIn('src/clients/registration.ts', 'export interface ClientRegistration', '\n}', MEMBER),
    page: 'docs/reference/configuration.md',
  },
  'every access token claim': {
    names: namesIn('src/model/claims.ts', 'export interface AccessTokenClaims', '\n}', MEMBER),
    page: 'docs/reference/tokens.md',
  },
  'every command and flag': {
    names: Object.keys(files)
      .filter((path) => /^src\/cli\/(program|commands\/[a-z-]+)\.ts$/.test(path))
      .flatMap((path) => namesIn(path, 'import', '\n\n\n', /(?:ption\(\s*'--|command\(')([a-z-]+)/g)),
    page: 'docs/reference/command-line.md',
  },
}

test.each(Object.entries(rules))('%s is in the reference', (_rule, { names, page }) => {
  expect(names.length).toBeGreaterThan(3)
  const isMentioned = (name: string): boolean => new RegExp(`\`[^\`]*\\b${name}\\b[^\`]*\``).test(read(page))
  expect(names.filter((name) => !isMentioned(name))).toEqual([])
})

const docs = Object.entries(files).filter(([path]) => path.endsWith('.md'))

/** Returns whether a path is a file or folder of the repository. */
const isInRepository = (path: string): boolean =>
  path in files || Object.keys(files).some((name) => name.startsWith(`${path.replace(/\/$/, '')}/`))

/** The anchor that GitHub generates for a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

test('every relative link points to an existing file and heading', () => {
  const isValid = (from: string, link: string): boolean => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? from : posix.join(posix.dirname(from), path)
    const headings = [...(files[target] ?? '').matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text)
    return isInRepository(target) && (anchor === undefined || headings.map(anchorOf).includes(anchor))
  }
  const links = docs.flatMap(([path, text]) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => ({ path, link })),
  )
  expect(links.length).toBeGreaterThan(50)
  expect(links.filter(({ path, link }) => !isValid(path, link))).toEqual([])
})

test('every path of the repository in code spans exists', () => {
  const paths = docs.flatMap(([document, text]) =>
    [...text.matchAll(/`[^`\n]+`/g)]
      .flatMap(
        ([span]) => span.match(/(?<![\w./-])(?:src|test|docs|examples|bench|scripts)\/[\w./-]*/g) ?? [],
      )
      .map((path) => ({ document, path })),
  )
  expect(paths.length).toBeGreaterThan(20)
  expect(paths.filter(({ path }) => !isInRepository(path))).toEqual([])
})
