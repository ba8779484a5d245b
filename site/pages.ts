import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'

const REPOSITORY = 'https://github.com/consulate-js/consulate/blob/main'
const ROOT = join(import.meta.dirname, '..')
const PAGES = join(import.meta.dirname, 'generated')

/** Returns the page of a Markdown file in the repository, such as `guides/consent.md`, or undefined if it has none. */
export function pageOf(path: string): string | undefined {
  if (path === 'README.md') return 'index.md'
  if (path === 'CHANGELOG.md') return 'changelog.md'
  return path.startsWith('docs/') && path.endsWith('.md')
    ? path.slice('docs/'.length).replace(/(?<=^|\/)README\.md$/, 'index.md')
    : undefined
}

/** Writes the Markdown files of the repository as pages of the site. */
async function writePages(): Promise<void> {
  await rm(PAGES, { recursive: true, force: true })
  for await (const path of glob(['README.md', 'CHANGELOG.md', 'docs/**/*.md'], { cwd: ROOT })) {
    const page = pageOf(path)
    if (page === undefined) continue
    const file = join(PAGES, page)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, withoutGivens(withLinks(path, await readFile(join(ROOT, path), 'utf8'))))
  }
}

const CODE = /(^ *(?:```|~~~)[\s\S]*?^ *(?:```|~~~)$)/m
const LINK = /\]\((?!#|[a-z]+:)([^)#\s]+)/g

/** Points relative links at the pages, and at the repository for files that have no page. */
function withLinks(source: string, text: string): string {
  const resolve = (path: string): string => {
    const target = posix.join(posix.dirname(source), path)
    const page = pageOf(target)
    return page === undefined ? `${REPOSITORY}/${target}` : `/${page}`
  }
  return text
    .split(CODE)
    .map((part, index) =>
      index % 2 === 1 ? part : part.replace(LINK, (_, path: string) => `](${resolve(path)}`),
    )
    .join('')
}

/** Removes the lines with which blocks name what the compiler needs to know. */
const withoutGivens = (text: string): string => text.replaceAll(/^ *\/\/ given: .*\n/gm, '')

if (import.meta.main) await writePages()
