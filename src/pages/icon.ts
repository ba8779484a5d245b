import { DEFAULT_ACCENT, paletteOf } from './palette.ts'

/** The icon of servers that have none of their own, as an SVG: a padlock on the accent color. */
export function iconFor(accent = DEFAULT_ACCENT): string {
  const { accent: fill, onAccent } = paletteOf(accent, 'light')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${fill}"/><path d="M11.5 15v-3.5a4.5 4.5 0 0 1 9 0V15" fill="none" stroke="${onAccent}" stroke-width="2.5"/><rect x="8.5" y="14.5" width="15" height="11" rx="2.5" fill="${onAccent}"/></svg>`
}
