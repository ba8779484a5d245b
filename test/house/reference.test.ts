import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow } from './repository.ts'

const files = filesBelow()
const read = (path: string): string => files[path] ?? ''

/** The names that a pattern finds in a part of a file, from one text to the next. */
function namesIn(path: string, from: string, to: string, pattern: RegExp): readonly string[] {
  const rest = read(path).slice(read(path).indexOf(from))
  const part = rest.slice(0, rest.includes(to) ? rest.indexOf(to) : undefined)
  return [...part.matchAll(pattern)].map(([, name = '']) => name)
}

const MEMBER = /^ {2}readonly (\w+)\??:/gm

const rules: Readonly<Record<string, { readonly names: readonly string[]; readonly page: string }>> = {
  'every option of the configuration': {
    names: namesIn('src/config/config.ts', 'export interface Config<', '\n}', MEMBER),
    page: 'docs/reference/configuration.md',
  },
  'every option of a client': {
    names: namesIn('src/clients/registration.ts', 'export interface ClientRegistration', '\n}', MEMBER),
    page: 'docs/reference/configuration.md',
  },
  'every error code': {
    names: namesIn('src/errors.ts', 'const STATUS = {', '\n}', /^ {2}(\w+): \d/gm),
    page: 'docs/reference/errors.md',
  },
  'every event': {
    names: namesIn('src/events.ts', 'export interface EventMap', '\n}', /^ {2}'([\w.-]+)':/gm),
    page: 'docs/reference/events.md',
  },
  'every claim of an access token': {
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
  const isTold = (name: string): boolean => new RegExp(`\`[^\`]*\\b${name}\\b[^\`]*\``).test(read(page))
  expect(names.filter((name) => !isTold(name))).toEqual([])
})

const documents = Object.entries(files).filter(([path]) => path.endsWith('.md'))

/** How GitHub names a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

test('every link within the repository leads somewhere, to its very heading', () => {
  const isGood = (from: string, link: string): boolean => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? from : posix.join(posix.dirname(from), path)
    const isThere = target in files || Object.keys(files).some((name) => name.startsWith(`${target}/`))
    const headings = [...(files[target] ?? '').matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text)
    return isThere && (anchor === undefined || headings.map(anchorOf).includes(anchor))
  }
  const links = documents.flatMap(([path, text]) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => ({ path, link })),
  )
  expect(links.length).toBeGreaterThan(50)
  expect(links.filter(({ path, link }) => !isGood(path, link))).toEqual([])
})
