import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseDuration, type Duration } from '../../lib/duration.ts'

/** The help of `--json`. */
export const JSON_HELP = 'print JSON'

/** The help of `--yes`. */
export const YES_HELP = 'do not ask for confirmation'

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
]

/** Collects redirect URIs. Each value may be a list with commas. */
export const collectRedirectUris = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  ...splitRedirectUris(value),
]

/**
 * Splits a list of redirect URIs: `https://a.example/cb, https://b.example/cb`. A comma is a separator only before a scheme
 * and a slash; any other comma is part of the URI. Escape a comma that would separate as `%2C`.
 */
export const splitRedirectUris = (text: string): readonly string[] =>
  text
    .split(/,(?=\s*[a-z][a-z0-9+.-]*:\/)|[,\s]+$/i)
    .map((uri) => uri.trim())
    .filter(Boolean)

/** Parses a whole number. Throws commander's `InvalidArgumentError`. */
export function parseNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** Parses a whole number of at least 1. Throws commander's `InvalidArgumentError`. */
export function parseLimit(text: string): number {
  const limit = parseNumber(text)
  if (limit === 0) throw new InvalidArgumentError('It must be at least 1.')
  return limit
}

/** Parses a duration with its unit (`30m`, `12h`, `1d`), or `0`. Throws commander's `InvalidArgumentError`. */
export function parseDurationFlag(text: string): Duration {
  if (text === '0') return 0
  if (parseDuration(text) === undefined) {
    throw new InvalidArgumentError('It must be a duration, such as 30m, 12h or 1d.')
  }
  return text as Duration
}

/** Adds the options that choose the type of a signing key. */
export const addKeyOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--algorithm <name>', 'signing algorithm (default: ES256)').choices([
        'ES256',
        'RS256',
        'PS256',
        'EdDSA',
      ]),
    )
    .option('--length <bits>', 'length of an RSA key (default: 4096)', parseNumber)
