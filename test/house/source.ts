import { posix } from 'node:path'
import { SyntaxKind, type Node, type SourceFile } from 'typescript/unstable/ast'
import {
  isClassDeclaration,
  isClassExpression,
  isExportAssignment,
  isExportDeclaration,
  isNamedExports,
  isStringLiteral,
  isVariableStatement,
} from 'typescript/unstable/ast/is'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'
import type { Files } from './repository.ts'

/** What the checks want to know of a TypeScript file. */
export interface Source {
  readonly path: string
  readonly lines: number
  /** The files it imports: static, type-only, dynamic, `import('…').Type` and re-exports; relative ones resolved. */
  readonly imports: readonly string[]
  /** Exported names without a doc comment. */
  readonly undocumented: readonly string[]
  /** What the house does without, as `any`, `enum Color`, `namespace Words`, `class Store`, `export default`. */
  readonly unwelcome: readonly string[]
}

const CONFIG = {
  compilerOptions: { noLib: true, noResolve: true, types: [], module: 'nodenext', noEmit: true },
  include: ['**/*.ts'],
}

const disk = createVirtualFileSystem({})
const parser = new API({ cwd: '/', fs: disk })
let houses = 0

/** Reads TypeScript files with the compiler's own parser. Throws where one does not parse. */
export function readSources(files: Files): readonly Source[] {
  houses += 1
  const root = `/house-${houses}`
  for (const [path, text] of Object.entries(files)) disk.writeFile?.(`${root}/${path}`, text)
  disk.writeFile?.(`${root}/tsconfig.json`, JSON.stringify(CONFIG))
  const snapshot = parser.updateSnapshot({ openProjects: [`${root}/tsconfig.json`] })
  const program = snapshot.getProject(`${root}/tsconfig.json`)?.program
  const problem = program?.getSyntacticDiagnostics()[0]
  if (problem) throw new Error(`${problem.fileName} does not parse: ${problem.text}`)
  return Object.keys(files).map((path) => {
    const source = program?.getSourceFile(`${root}/${path}`)
    if (!source) throw new Error(`${path} was not read`)
    return factsOf(path, source)
  })
}

const factsOf = (path: string, source: SourceFile): Source => ({
  path,
  lines: source.text.trimEnd().split('\n').length,
  imports: [...new Set(source.imports.filter(isStringLiteral).map(({ text }) => resolve(path, text)))],
  undocumented: undocumentedIn(source),
  unwelcome: unwelcomeIn(source),
})

const resolve = (from: string, specifier: string): string =>
  specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier

/** Re-exports are documented where they are declared; an overload is documented once. */
function undocumentedIn(source: SourceFile): readonly string[] {
  const listed = new Set(source.statements.flatMap(localExports))
  const documented = new Set<string>()
  const exported = new Set<string>()
  for (const statement of source.statements) {
    for (const name of declaredNames(statement)) {
      if (hasDocComment(statement)) documented.add(name)
      if (hasKeyword(statement, SyntaxKind.ExportKeyword) || listed.has(name)) exported.add(name)
    }
  }
  return [...exported].filter((name) => !documented.has(name))
}

/** `export { a, b }` without `from`: the names as they are called in this file. */
function localExports(statement: Node): readonly string[] {
  if (!isExportDeclaration(statement) || statement.moduleSpecifier) return []
  const clause = statement.exportClause
  if (!clause || !isNamedExports(clause)) return []
  return clause.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
}

function declaredNames(statement: Node): readonly string[] {
  if (isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText())
  }
  return [nameOf(statement)].filter((name) => name !== '')
}

const nameOf = (node: Node): string =>
  'name' in node && node.name ? (node.name as Node).getText().replaceAll(/['"]/g, '') : ''

const hasDocComment = (statement: Node): boolean => (statement.jsDoc?.length ?? 0) > 0

const hasKeyword = (node: Node, kind: SyntaxKind): boolean =>
  'modifiers' in node &&
  ((node.modifiers as readonly Node[] | undefined) ?? []).some((modifier) => modifier.kind === kind)

function unwelcomeIn(source: SourceFile): readonly string[] {
  const found: string[] = []
  const visit = (node: Node): void => {
    const name = unwelcomeName(node)
    if (name) found.push(name)
    // What an augmentation of somebody else's module holds is theirs to shape.
    if (!isAugmentation(node)) node.forEachChild(visit)
  }
  visit(source)
  return found
}

function unwelcomeName(node: Node): string | undefined {
  if (node.kind === SyntaxKind.AnyKeyword) return 'any'
  if (node.kind === SyntaxKind.EnumDeclaration) return `enum ${nameOf(node)}`
  if (node.kind === SyntaxKind.ModuleDeclaration && !isAugmentation(node)) return `namespace ${nameOf(node)}`
  if (isExportAssignment(node) || isDefaultExport(node)) return 'export default'
  if ((isClassDeclaration(node) || isClassExpression(node)) && !extendsError(node))
    return `class ${nameOf(node)}`
  return undefined
}

const isDefaultExport = (node: Node): boolean =>
  hasKeyword(node, SyntaxKind.DefaultKeyword) ||
  (node.kind === SyntaxKind.ExportSpecifier && nameOf(node) === 'default')

/** `declare global` and `declare module 'express'`: the only way to tell a framework about our fields. */
const isAugmentation = (node: Node): boolean =>
  node.kind === SyntaxKind.ModuleDeclaration && /^declare\s+(global|module\s+['"])/.test(node.getText())

/** By name: whatever ends in `Error` is one. */
const extendsError = (node: Node): boolean => /^[^{]*\bextends\s+\w*Error\b/.test(node.getText())
