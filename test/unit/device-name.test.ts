import { expect, test } from 'vitest'
import { deviceKindOf, deviceNameOf } from '../../src/model/device-name.ts'

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

test.each([
  ['Chrome on Windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}`],
  ['Edge on Windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Edg/140.0.0.0`],
  ['Opera on macOS', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} OPR/120.0.0.0`],
  ['Samsung Internet on Android', `Mozilla/5.0 (Linux; Android 15) ${CHROME} SamsungBrowser/28.0`],
  ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['Chrome on Linux', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME.replace('Chrome', 'HeadlessChrome')}`],
  ['Chrome on ChromeOS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME}`],
  ['Safari on iPhone', `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ${SAFARI}`],
  ['Safari on iPad', `Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) ${SAFARI}`],
  ['Android', 'Dalvik/2.1.0 (Linux; U; Android 15)'],
  ['curl', 'curl/8.5.0'],
  ['x'.repeat(40), 'x'.repeat(500)],
  ['Unknown device', ''],
  ['Unknown device', '<script>alert(1)</script>'],
])('names %s', (name, userAgent) => {
  expect(deviceNameOf(userAgent)).toBe(name)
})

test.each([
  ['computer', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}`],
  ['computer', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['phone', `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ${SAFARI}`],
  ['phone', 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0'],
  ['tablet', `Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) ${SAFARI}`],
  ['tablet', `Mozilla/5.0 (Linux; Android 15; Pixel Tablet) ${CHROME}`],
  ['other', 'curl/8.5.0'],
  ['other', ''],
])('recognizes a %s: %s', (kind, userAgent) => {
  expect(deviceKindOf(userAgent)).toBe(kind)
})
