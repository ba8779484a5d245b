import { GRANTS, namesOf, type Choices, type GrantName, type UserSource } from './choices.ts'
import { importLine, quote, type Extension } from './code.ts'

/** Returns the text of `consulate.config.ts`. */
export function configTemplate({ users, database, grants, scopes }: Choices, extension: Extension): string {
  const chosen = namesOf(GRANTS).filter((name) => grants.includes(name))
  const factories = chosen.map((name) => GRANTS[name].factory).filter((name) => name !== undefined)
  const isBuiltIn = users === 'built-in'
  const names = ['defineConfig', 'secretsFromDirectory', ...factories, ...(isBuiltIn ? ['builtInUsers'] : [])]
  return [
    ...(database === 'sqlite' ? [] : [importLine(['existsSync'], 'node:fs')]),
    importLine(names, 'consulate'),
    importLine([database], `consulate/${database}`),
    ...(isBuiltIn ? [] : [importLine(['users'], `./users.${extension}`)]),
    '',
    ...(database === 'sqlite' ? [] : [...ENVIRONMENT, '']),
    '// In production, set ISSUER to the public URL: https://auth.example.com',
    "const issuer = process.env.ISSUER ?? `http://127.0.0.1:${process.env.PORT ?? '3000'}`",
    '',
    'export default defineConfig({',
    '  issuer,',
    "  secrets: secretsFromDirectory('./data/secrets'),",
    `  store: ${database}(${database === 'sqlite' ? "'./data/consulate.db'" : "process.env.DATABASE_URL ?? ''"}),`,
    USERS[users],
    '  scopes: {',
    ...Object.entries(scopes).map(([scope, text]) => `    ${propertyName(scope)}: ${quote(text)},`),
    '  },',
    '  grants: [',
    ...chosen.filter((name) => GRANTS[name].factory !== undefined).map(grantLine),
    '  ],',
    ...(chosen.includes('personal_tokens')
      ? [`  personalTokens: {}, // ${GRANTS.personal_tokens.purpose}`]
      : []),
    '})',
    '',
  ].join('\n')
}

const ENVIRONMENT = [
  '// In production, set DATABASE_URL in the environment instead of .env.',
  "if (existsSync('.env')) process.loadEnvFile()",
]

const USERS: Readonly<Record<UserSource, string>> = {
  'built-in': '  users: builtInUsers(), // or your own table: three functions',
  own: '  users,',
  'app-session': '  users, // with the session of your app',
}

const grantLine = (name: GrantName): string => `    ${GRANTS[name].factory}(), // ${GRANTS[name].purpose}`

/** Only in brackets, `__proto__` is the name of a property. */
function propertyName(name: string): string {
  if (name === '__proto__') return `[${quote(name)}]`
  return /^[a-z_]\w*$/i.test(name) ? name : quote(name)
}
