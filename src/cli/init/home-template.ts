import { apiOf } from './api.ts'
import { hasPages, type Choices } from './choices.ts'

/** Returns the text of `home.ts`: the page at `/`, with links to what there is to try. */
export const homeTemplate = (choices: Choices): string => `/** The page at /. Replace it with your app's. */
export const home = \`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>My app</title>
  <link rel="icon" href="data:,">
  <h1>My app</h1>
  <ul>
${linksOf(choices)
  .map(([path, text]) => `    <li><a href="${path}">${text}</a></li>`)
  .join('\n')}
  </ul>
</html>
\`
`

/** Returns the pages that these choices turn on. */
export function linksOf(choices: Choices): readonly (readonly [path: string, text: string])[] {
  const { grants } = choices
  return [
    ...(hasPages(choices) ? ([['/login', 'Sign in']] as const) : []),
    ...(hasPages(choices) ? ([['/account/devices', 'Your devices']] as const) : []),
    ...(grants.includes('device_code') ? ([['/oauth/device', 'Connect a device']] as const) : []),
    ...(grants.includes('personal_tokens') ? ([['/account/tokens', 'Personal access tokens']] as const) : []),
    [apiOf(choices).path, 'The API, which requires an access token'],
    ['/.well-known/oauth-authorization-server', 'Server metadata'],
  ]
}
