import { BOUNDARY, type Draft } from '../request.ts'
import type { Random } from '../random.ts'
import { flip } from './values.ts'

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'get',
  'Post',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
] as const

export const changeMethod = (draft: Draft, random: Random): Draft => ({
  ...draft,
  method: random.pick(METHODS),
})

/** Changes the path, mostly to one that a careless parser takes for the same. */
export function changePath(draft: Draft, random: Random): Draft {
  const { path } = draft
  const other = random.pick([
    `/${path}`,
    `${path}/`,
    `${path}//`,
    path.replaceAll('/', '//'),
    path.replace('/', '/./'),
    `/x/..${path}`,
    `${path}/..`,
    `${path}/../token`,
    path.toUpperCase(),
    path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    path.replaceAll('/', '%2f'),
    path.replaceAll('/', '\\'),
    `${path};x=1`,
    `${path}%00`,
    `${path}.json`,
    `${path}#x`,
    `${path}%`,
    `http://evil.example${path}`,
    '/',
    '',
    '*',
    '/__proto__',
    '/constructor',
    `/${'a/'.repeat(2000)}`,
    flip(path, random),
    '/oauth/authorize',
    '/oauth/token',
    '/oauth/revocations',
    '/login',
    '/logout',
  ])
  return { ...draft, path: other.replaceAll(/[^\x21-\x7e]/g, '_') }
}

const TYPES = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  multipart: `multipart/form-data; boundary=${BOUNDARY}`,
} as const

/** Changes the format of the body, with or without the matching content type. */
export function changeFormat(draft: Draft, random: Random): Draft {
  const format = random.pick(['json', 'multipart', 'form'] as const)
  const body = draft.body ?? draft.query
  if (random.chance(0.5)) return { ...draft, format, body }
  const headers = draft.headers.filter(([name]) => name !== 'content-type')
  return { ...draft, format, body, headers: [...headers, ['content-type', TYPES[format]]] }
}

const PEERS = [
  '',
  '10.0.0.1',
  '10.1.2.3',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:192.0.2.9',
  '2001:db8::7',
  'fe80::1%eth0',
  'fd00::1',
  'unix:',
  '/run/app.sock',
  '1',
  '0x7f.1',
  '999.999.999.999',
] as const

/** Changes the peer address: trusted proxies, others, and invalid addresses. */
export const changePeer = (draft: Draft, random: Random): Draft => ({ ...draft, peer: random.pick(PEERS) })
