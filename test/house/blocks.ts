import { posix } from 'node:path'
import { API } from 'typescript/unstable/sync'
import { ROOT, type Files } from './repository.ts'

/**
 * A code block in the docs. Each TypeScript block is compiled as a separate module. The first line of a fragment may
 * import names that docs/prelude.ts declares:
 *
 *     // given: app, server
 *
 * A block whose first line names a file, such as `// app.ts`, is that file for the other blocks of its page.
 */
export interface Block {
  /** The file and the line of the fence: `docs/start.md:12`. */
  readonly place: string
  readonly language: string
  readonly text: string
}

const FENCE = /^( *)(`{3,}|~{3,})(.*)$/
const GIVEN = /^\/\/ given: (.+)$/
const PRELUDE = 'docs/prelude.ts'
/** Languages of code blocks that would not be compiled. */
const UNCHECKED = /^(typescript|tsx|mts|cts|js|jsx|mjs|cjs|javascript)( .*)?$|^ts .*$/i
/** Named programs of client libraries, such as `js passport`, which test/clients runs. */
const RUN_BY_TESTS = /^docs\/guides\/(clients|mcp)\.md:\d+: js \S+$/

/** Returns the fenced code blocks (CommonMark: three or more backticks or tildes). */
export const blocksOf = (docs: Files): readonly Block[] =>
  Object.entries(docs).flatMap(([path, text]) => blocksIn(path, text.split('\n')))

/** Code blocks that would not be compiled: another spelling of `ts`, or attributes after it. */
export const unchecked = (blocks: readonly Block[]): readonly string[] =>
  blocks
    .filter(({ language }) => UNCHECKED.test(language))
    .map(({ place, language }) => `${place}: ${language}`)
    .filter((block) => !RUN_BY_TESTS.test(block))

/** Given names that the fragment does not use. */
export const unusedGivens = (blocks: readonly Block[]): readonly string[] =>
  blocks.flatMap(({ place, text }) => {
    const [first = '', ...rest] = text.split('\n')
    const unused = givensIn(first).filter((name) => !new RegExp(`\\b${name}\\b`).test(rest.join('\n')))
    return unused.map((name) => `${place}: ${name}`)
  })

/** Compiles the TypeScript blocks with the repository's settings and returns the errors. */
export function compileErrors(blocks: readonly Block[]): readonly string[] {
  const modules = new Map(
    blocks.filter(({ language }) => language === 'ts').map((block) => [fileOf(block), block]),
  )
  const config = posix.join(ROOT, 'tsconfig.blocks.json')
  const texts = new Map([
    [config, configFor([...modules.keys()])],
    ...[...modules].map(([file, block]) => [file, moduleOf(block)] as const),
  ])
  const directories = new Set([...modules.keys()].map((file) => posix.dirname(file)))
  const api = new API({
    cwd: ROOT,
    fs: {
      readFile: (path) => texts.get(path),
      fileExists: (path) => texts.has(path) || undefined,
      directoryExists: (path) => directories.has(path) || undefined,
    },
  })
  const program = api.updateSnapshot({ openProjects: [config] }).getProject(config)?.program
  if (!program) throw new Error('The code blocks could not be loaded')
  const problems = [...program.getConfigFileParsingDiagnostics(), ...program.getProgramDiagnostics()]
  for (const file of modules.keys()) {
    problems.push(...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file))
  }
  return problems.map(({ fileName, text }) => `${modules.get(fileName ?? '')?.place ?? fileName}: ${text}`)
}

function blocksIn(path: string, lines: readonly string[]): readonly Block[] {
  const blocks: Block[] = []
  for (let start = 0; start < lines.length; start += 1) {
    const [, indent = '', fence = '', info = ''] = FENCE.exec(lines[start] ?? '') ?? []
    if (!fence) continue
    const isEnd = (line: string): boolean => isClosing(line.trim(), fence)
    const length = lines.slice(start + 1).findIndex(isEnd)
    const end = length === -1 ? lines.length : start + 1 + length
    const text = lines
      .slice(start + 1, end)
      .map((line) => line.slice(Math.min(indent.length, line.search(/\S|$/))))
    blocks.push({ place: `${path}:${start + 1}`, language: info.trim(), text: text.join('\n') })
    start = end
  }
  return blocks
}

/** A closing fence uses the same character, at least as often, and nothing else (CommonMark 4.5). */
const isClosing = (line: string, fence: string): boolean =>
  line.length >= fence.length && line === fence.slice(0, 1).repeat(line.length)

/**
 * A virtual path beside the document, so that the package resolves as it does for any other file. Named files are in a
 * virtual directory of their page.
 */
function fileOf({ place, text }: Block): string {
  const name = fileNameOf(text)
  const [document = ''] = place.split(':')
  if (name !== undefined) return posix.join(ROOT, `${document}.files`, name)
  return posix.join(ROOT, `${place.replace(':', '.')}.block.ts`)
}

/** Returns the name of the file that a block is, such as `app.ts`; undefined if its first line names none. */
export const fileNameOf = (text: string): string | undefined => /^\/\/ ([\w./-]+\.ts)\n/.exec(text)?.[1]

function moduleOf(block: Block): string {
  const [first = '', ...rest] = block.text.split('\n')
  const givens = givensIn(first)
  const prelude = posix.relative(posix.dirname(fileOf(block)), posix.join(ROOT, PRELUDE))
  const opening = givens.length > 0 ? `import { ${givens.join(', ')} } from './${prelude}'` : first
  return [opening, ...rest, 'export {}'].join('\n')
}

const givensIn = (line: string): readonly string[] => GIVEN.exec(line)?.[1]?.split(', ') ?? []

const configFor = (files: readonly string[]): string =>
  JSON.stringify({
    extends: './tsconfig.json',
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      verbatimModuleSyntax: false,
      // For the Nest examples.
      experimentalDecorators: true,
    },
    include: [],
    files: ['docs/jest.d.ts', 'docs/next.d.ts', ...files],
  })
