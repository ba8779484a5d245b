/** A color as red, green and blue from 0 to 1 (sRGB, gamma-encoded). */
export type Color = readonly [red: number, green: number, blue: number]

const HEX = /^#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i

export const isHexColor = (text: string): boolean => HEX.test(text)

/** Reads a CSS hex color (3, 4, 6 or 8 digits). A translucent color is blended with `background`. */
export function parseHexColor(hex: string, background: Color): Color {
  const digits = hex.length > 5 ? hex.slice(1) : hex.slice(1).replaceAll(/./g, '$&$&')
  const channel = (index: number): number => parseInt(digits.slice(index * 2, index * 2 + 2), 16) / 255
  const alpha = digits.length === 8 ? channel(3) : 1
  return map([0, 1, 2] as const, (index) => channel(index) * alpha + (background[index] ?? 0) * (1 - alpha))
}

export const toHexColor = (color: Color): string =>
  `#${color.map((value) => toByte(value).toString(16).padStart(2, '0')).join('')}`

/** The contrast ratio of two colors, from 1 to 21 (WCAG 2.2). */
export function contrast(one: Color, other: Color): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/**
 * The shade of `color` that is nearest to it and has at least `ratio` on every background, in its own hue: darker on
 * light backgrounds, lighter on dark ones.
 */
export function readableOn(backgrounds: readonly Color[], color: Color, ratio: number): Color {
  const isEnough = (shade: Color): boolean => backgrounds.every((one) => contrast(shade, one) >= ratio)
  const step = backgrounds.every((one) => luminance(one) > 0.18) ? -STEP : STEP
  let shade = color
  for (let shift = step; !isEnough(shade) && Math.abs(shift) <= 1 + STEP; shift += step) {
    shade = lighten(color, shift)
  }
  return shade
}

const STEP = 0.005

/** Changes the lightness of a color (Oklab, 0 to 1), keeping its hue. Rounded to what a screen shows. */
export function lighten(color: Color, amount: number): Color {
  const [lightness, a, b] = toOklab(color)
  const target = Math.min(1, Math.max(0, lightness + amount))
  // A very light or dark color cannot be vivid: reduce the chroma until the color exists.
  for (let chroma = 1; chroma > 0; chroma -= 0.02) {
    const shade = fromOklab([target, a * chroma, b * chroma])
    if (shade.every((value) => value >= -0.001 && value <= 1.001)) return rounded(shade)
  }
  return rounded(fromOklab([target, 0, 0]))
}

function luminance(color: Color): number {
  const [red, green, blue] = map(color, toLinear)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const toLinear = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4

const fromLinear = (value: number): number =>
  value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055

const toByte = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 255)

const rounded = (color: Color): Color => map(color, (value) => toByte(value) / 255)

type Triple = readonly [number, number, number]

/** https://bottosson.github.io/posts/oklab/ */
function toOklab(color: Color): Triple {
  const linear = map(color, toLinear)
  const cones = map(multiply(RGB_TO_LMS, linear), Math.cbrt)
  return multiply(LMS_TO_LAB, cones)
}

function fromOklab(lab: Triple): Color {
  const cones = map(multiply(LAB_TO_LMS, lab), (value) => value ** 3)
  return map(multiply(LMS_TO_RGB, cones), fromLinear)
}

const RGB_TO_LMS: readonly Triple[] = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
]
const LMS_TO_LAB: readonly Triple[] = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
]
const LAB_TO_LMS: readonly Triple[] = [
  [1, 0.3963377774, 0.2158037573],
  [1, -0.1055613458, -0.0638541728],
  [1, -0.0894841775, -1.291485548],
]
const LMS_TO_RGB: readonly Triple[] = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.707614701],
]

const multiply = (matrix: readonly Triple[], [x, y, z]: Triple): Triple =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Triple

const map = <Value>(
  [first, second, third]: readonly [Value, Value, Value],
  change: (value: Value) => number,
): Triple => [change(first), change(second), change(third)]
