/**
 * A device without a browser: it shows a code, and somebody lets it in on their phone (the device flow).
 *
 *     npm run example examples/tv.ts
 *
 * It is a client of the demo: run `npm start` in another terminal first.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import * as oauth from 'oauth4webapi'
import { renderUnicodeCompact } from 'uqr'

const { ISSUER = 'http://127.0.0.1:3000', CLIENT_ID = 'demo-tv' } = process.env

// For a server on this machine only. Leave it out and nothing but https is spoken.
const insecure = { [oauth.allowInsecureRequests]: true }

const issuer = new URL(ISSUER)
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: CLIENT_ID }
const wish = { scope: 'orders:read' }
const asked = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), wish, insecure)
const device = await oauth.processDeviceAuthorizationResponse(server, client, asked)

console.log(`\nOpen ${device.verification_uri} on your phone, and type in\n`)
console.log(large(device.user_code))
console.log(`\n${device.user_code}. Or scan this, and compare the code:\n`)
console.log(renderUnicodeCompact(device.verification_uri_complete ?? device.verification_uri))

const { access_token: token } = await waitForPerson(device.interval)
const me = new URL('/api/me', issuer)
const answer = await oauth.protectedResourceRequest(token, 'GET', me, undefined, undefined, insecure)
console.log(answer.status, await answer.text())

/** Asks every few seconds, more slowly whenever the server says so (RFC 8628 section 3.5). */
async function waitForPerson(interval = 5): Promise<oauth.TokenEndpointResponse> {
  await sleep(interval * 1000)
  const { device_code: code } = device
  const polled = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), code, insecure)
  try {
    return await oauth.processDeviceCodeResponse(server, client, polled)
  } catch (error) {
    const reason = error instanceof oauth.ResponseBodyError ? error.error : String(error)
    if (reason === 'slow_down') return waitForPerson(interval + 5)
    if (reason === 'authorization_pending') return waitForPerson(interval)
    throw new Error(`No tokens: ${reason}`, { cause: error })
  }
}

/** The code as it can be read from the sofa. In the font, five rows follow each letter: five dots each, as a digit to base 32. */
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
