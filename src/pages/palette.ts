import { contrast, lighten, parseHexColor, readableOn, toHexColor } from './color.ts'
import type { Color } from './color.ts'

/** The colors that follow from the accent, in one color scheme. */
export interface Palette {
  /** The ground of the main button. */
  readonly accent: string
  readonly accentHover: string
  /** Text on either. */
  readonly onAccent: string
  /** The border of the main button, checkmarks and focus rings: at least 3:1 on every ground of the page. */
  readonly edge: string
  /** Links: at least 4.5:1 on every ground of the page. */
  readonly link: string
}

/** The grounds of a page in each color scheme. */
export const GROUNDS = {
  light: { page: '#f5f6f8', card: '#ffffff', quiet: '#f3f4f6' },
  dark: { page: '#0d1015', card: '#161a21', quiet: '#1e232c' },
} as const

/** A quiet blue. */
export const DEFAULT_ACCENT = '#2457c5'

/**
 * Derives readable colors from any accent. The main button keeps the accent as it is, except that one too dark to be
 * seen on a dark page is lightened.
 */
export function paletteOf(accent: string, scheme: 'light' | 'dark'): Palette {
  const parse = (hex: string): Color => parseHexColor(hex, WHITE)
  const grounds = Object.values(GROUNDS[scheme]).map(parse)
  const color = parseHexColor(accent, parse(GROUNDS[scheme].card))
  const fill = scheme === 'dark' ? readableOn(grounds, color, 3) : color
  const hover = hoverOf(fill)
  const text = textOn(fill)
  return {
    accent: toHexColor(fill),
    accentHover: toHexColor(hover),
    onAccent: toHexColor(text),
    edge: toHexColor(readableOn(grounds, color, 3)),
    link: toHexColor(readableOn(grounds, color, 4.5)),
  }
}

const WHITE: Color = [1, 1, 1]
const BLACK: Color = [0, 0, 0]

/** One of the two always has at least 4.58:1. */
const textOn = (color: Color): Color => (contrast(color, WHITE) >= 4.5 ? WHITE : BLACK)

/** A step away from the text color, which raises the contrast; toward it if nothing is left on that side. */
function hoverOf(fill: Color): Color {
  const away = textOn(fill) === WHITE ? -0.01 : 0.01
  return shiftUntilSeen(fill, away) ?? shiftUntilSeen(fill, -away) ?? fill
}

function shiftUntilSeen(fill: Color, step: number): Color | undefined {
  const shifts = Array.from({ length: 25 }, (_, index) => lighten(fill, step * (index + 1)))
  return shifts.find((shade) => contrast(shade, fill) >= 1.2)
}
