/**
 * A device without a browser: it shows a code that the user enters on their phone (device flow).
 *
 *     npm run example examples/tv.ts
 *
 * It is a client of the demo. Run `npm start` in another terminal first.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import * as oauth from 'oauth4webapi'
import { renderUnicodeCompact } from 'uqr'

const { ISSUER = 'http://127.0.0.1:3000', CLIENT_ID = 'demo-tv' } = process.env

// Allows http, for a local server only.
const insecure = { [oauth.allowInsecureRequests]: true }

const issuer = new URL(ISSUER)
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: CLIENT_ID }
const request = { scope: 'orders:read' }
const asked = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), request, insecure)
const device = await oauth.processDeviceAuthorizationResponse(server, client, asked)

console.log(`\nOpen ${device.verification_uri} on your phone and enter\n`)
console.log(large(device.user_code))
console.log(`\n${device.user_code}. Or scan this and compare the code:\n`)
console.log(renderUnicodeCompact(device.verification_uri_complete ?? device.verification_uri))

const { access_token: token } = await poll(device.interval)
const me = new URL('/api/me', issuer)
const reply = await oauth.protectedResourceRequest(token, 'GET', me, undefined, undefined, insecure)
console.log(reply.status, await reply.text())

/** Polls every few seconds, and more slowly if the server asks for it (RFC 8628 section 3.5). */
async function poll(interval = 5): Promise<oauth.TokenEndpointResponse> {
  await sleep(interval * 1000)
  const { device_code: code } = device
  const polled = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), code, insecure)
  try {
    return await oauth.processDeviceCodeResponse(server, client, polled)
  } catch (error) {
    const reason = error instanceof oauth.ResponseBodyError ? error.error : String(error)
    if (reason === 'slow_down') return poll(interval + 5)
    if (reason === 'authorization_pending') return poll(interval)
    throw new Error(`No tokens: ${reason}`, { cause: error })
  }
}

/** Renders the code in large letters. In the font, each letter is followed by its five rows of five dots, as base 32 digits. */
function large(code: string): string {
  const font = `BuhuhuCfgggfDuhhhuFvguggGfgjhfHhhvhhJ722icKhisihLggggvMhrlhh
    NhpljhPuhuggQehlidRuhuihSfge1uTv4444Vhhha4WhhlrhXha4ahZv248v-00e00`
  const dots = (letter: string, row: number): string =>
    Number.parseInt(font.charAt(font.indexOf(letter) + row), 32)
      .toString(2)
      .padStart(5, '0')
  const rowOf = (row: number): string => Array.from(code, (letter) => dots(letter, row)).join('00')
  return [1, 2, 3, 4, 5].map(rowOf).join('\n').replaceAll('0', ' ').replaceAll('1', '█')
}
