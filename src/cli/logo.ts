import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { UsageError } from './errors.ts'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.svg': 'image/svg+xml',
}

/**
 * Returns the logo that `--logo` names: a path on the server (`/logos/shop.png`) or a `data:` URI as it is, and a local
 * image (`./shop.png`) as a `data:` URI. Throws `UsageError` if the file cannot be read or is no image.
 */
export function readLogo(logo: string): string {
  if (/^(\/|[a-z][a-z0-9+.-]+:)/i.test(logo)) return logo
  const mediaType = MEDIA_TYPES[extname(logo).toLowerCase()]
  if (mediaType === undefined)
    throw new UsageError(`--logo ${logo}: must be a PNG, JPEG, GIF, WebP, AVIF or SVG image`)
  return `data:${mediaType};base64,${readImage(logo).toString('base64')}`
}

function readImage(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new UsageError(`--logo ${path}: cannot be read. To use a path on the server, begin it with /`, {
      cause,
    })
  }
}
