import { ACCOUNT_STYLE } from './account/style.ts'
import { DEVELOPER_STYLE } from './developer/style.ts'
import { GROUNDS, paletteOf } from './palette.ts'

/**
 * The style of all pages. It uses system fonts and loads nothing. Text has a contrast of at least 4.5, borders of
 * fields and focus rings 3 (WCAG 2.2 AA), in both color schemes and with any accent. Directions are logical, for
 * right-to-left languages.
 */
export const styleSheet = (accent: string): string => `
/* Colors */
:root {
  color-scheme: light dark;
  ${colors(accent, 'light')}
  --border: #dfe2e7; --field: #fff; --field-border: #868e9a;
  --text: #1a1f27; --soft: #555e6b;
  --danger: #b42318; --danger-fill: #b42318; --danger-hover: #932015; --danger-ground: #fef3f2; --danger-border: #f3c2bd;
  --success: #126b3d; --success-ground: #eefaf2; --success-border: #b5dfc5;
  --shadow: 0 1px 2px rgb(16 24 40 / .05), 0 8px 24px rgb(16 24 40 / .06);
}
@media (prefers-color-scheme: dark) {
  :root {
    ${colors(accent, 'dark')}
    --border: #2a303a; --field: #10141a; --field-border: #737c89;
    --text: #e9ecf1; --soft: #a3acb9;
    --danger: #ff9a92; --danger-fill: #c93a2e; --danger-hover: #b42f24; --danger-ground: #2d1716; --danger-border: #6a302c;
    --success: #7fd9a4; --success-ground: #11261a; --success-border: #2a5c3d;
    --shadow: none;
  }
}

/* Page */
*, ::before, ::after { box-sizing: border-box }
html {
  font: 100%/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  -webkit-text-size-adjust: 100%; text-size-adjust: 100%;
}
body {
  margin: 0; min-height: 100vh; min-height: 100svh; padding: clamp(1.25rem, 5vh, 4rem) 1rem;
  display: grid; grid-template-columns: minmax(0, 26rem); gap: 1.5rem;
  justify-content: center; align-content: safe center;
  background: var(--page); color: var(--text); overflow-wrap: anywhere;
}
header { display: grid; justify-items: center; text-align: center }
.site { color: var(--soft); font-weight: 600 }
.logo { display: block; max-inline-size: min(100%, 14rem); max-block-size: 3rem; object-fit: contain }
main {
  padding: clamp(1.25rem, 6vw, 2.25rem);
  background: var(--card); border: 1px solid var(--border); border-radius: .875rem; box-shadow: var(--shadow);
}
footer, .languages { display: flex; flex-wrap: wrap; justify-content: center; gap: .25rem 1.25rem; font-size: .875rem }
footer a { color: var(--soft) }
.languages { flex-basis: 100% }

/* Text */
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -.015em; text-wrap: balance }
h2 { margin: 2rem 0 0; font-size: 1.125rem; line-height: 1.3; font-weight: 650 }
p { margin: .5rem 0 0 }
strong { font-weight: 600 }
a { color: var(--link); text-underline-offset: .2em }
a:hover { text-decoration-thickness: 2px }
.soft { color: var(--soft) }
.small { font-size: .875rem }
.note { margin-top: 1rem }
.note a { white-space: nowrap }
.asks { margin-top: .75rem; font-size: 1.0625rem }
[hidden] { display: none !important }

/* Fields */
form { margin: 0 }
.fields { margin-top: 1.5rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.125rem }
label, legend { display: block; margin-bottom: .375rem; padding: 0; font-size: .875rem; font-weight: 600 }
input, select, textarea {
  display: block; inline-size: 100%; min-block-size: 2.75rem; padding: .5rem .75rem;
  font: inherit; color: inherit; background: var(--field); border: 1px solid var(--field-border); border-radius: .5rem;
}
textarea { min-block-size: 4.5rem; resize: vertical; overflow-wrap: anywhere }
input:focus-visible, select:focus-visible, textarea:focus-visible { outline-width: 2px; outline-offset: -1px; border-color: transparent }
input[aria-invalid], textarea[aria-invalid] { border-color: var(--danger) }
.hint { margin-top: .375rem }
fieldset { min-inline-size: 0; margin: 0; padding: 0; border: 0 }
.checks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 0 1.5rem }
.check { display: flex; gap: .625rem; align-items: baseline; margin: 0; padding: .375rem 0; font-size: 1rem; font-weight: 400 }
.check input {
  flex: none; inline-size: 1.125rem; block-size: 1.125rem; min-block-size: 0; margin: 0;
  accent-color: var(--edge); transform: translateY(.1875rem);
}
.password { position: relative }
.password input { padding-inline-end: 3rem }
.reveal {
  position: absolute; inset-block: 1px; inset-inline-end: 1px; inline-size: 2.75rem;
  display: grid; place-items: center; padding: 0; border: 0; border-radius: .5rem; background: none;
  color: var(--soft); cursor: pointer;
}
.reveal svg { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round }
.reveal[aria-pressed=false] .slash { display: none }
.options { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; margin-top: -.375rem }
.options .check { font-size: inherit }

/* Buttons and links that look like them */
.primary, .secondary, .danger {
  display: flex; align-items: center; justify-content: center; inline-size: 100%; min-block-size: 2.75rem;
  padding: .5rem 1rem; border: 1px solid transparent; border-radius: .5rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
}
.primary { background: var(--accent); color: var(--on-accent); border-color: var(--edge) }
.primary:hover, .primary:active { background: var(--accent-hover) }
.secondary { background: var(--card); color: var(--text); border-color: var(--field-border) }
.secondary:hover, .secondary:active { background: var(--quiet) }
.danger { background: var(--danger-fill); color: #fff }
.danger:hover, .danger:active { background: var(--danger-hover) }
.link {
  min-block-size: 1.75rem; padding: 0; border: 0; background: none; color: var(--link);
  font: inherit; text-align: start; text-decoration: underline; text-underline-offset: .2em; cursor: pointer;
}
:focus-visible { outline: 3px solid var(--edge); outline-offset: 2px }
.actions { margin-top: 1.5rem; display: grid; gap: .75rem }

/* Messages */
.problem, .notice {
  margin-top: 1.25rem; padding: .75rem .875rem; border: 1px solid; border-radius: .5rem; font-size: .9375rem;
}
.problem { background: var(--danger-ground); border-color: var(--danger-border); color: var(--danger); font-weight: 500 }
.notice { background: var(--success-ground); border-color: var(--success-border); color: var(--success) }

/* Consent */
.icon {
  display: grid; place-items: center; inline-size: 3rem; block-size: 3rem; margin-bottom: 1rem;
  border-radius: .75rem; background: var(--quiet); border: 1px solid var(--border);
  color: var(--link); font-size: 1.375rem; font-weight: 650;
}
img.icon { object-fit: contain }
.success { background: var(--success-ground); border-color: var(--success-border); color: var(--success) }
.scopes { margin: .75rem 0 0; padding: 0; list-style: none; border-block: 1px solid var(--border) }
.scopes li { display: flex; gap: .75rem; padding: .625rem .125rem }
.scopes li + li { border-block-start: 1px solid var(--border) }
.scopes li::before, .success::before {
  content: ''; flex: none; inline-size: .4375rem; block-size: .8125rem; margin: .25rem .25rem 0;
  border: solid var(--edge); border-width: 0 2px 2px 0; transform: rotate(45deg);
}
.success::before { inline-size: .625rem; block-size: 1.125rem; margin: -.25rem 0 0; border-color: currentColor }
.choices { margin-top: .75rem }
.choices .hint { margin-top: .625rem }
.choices .asks { margin: 0; font-weight: inherit }
.choices .check { gap: .75rem; padding: .625rem .125rem }
.choices .check + .check { border-block-start: 1px solid var(--border) }
.granted { margin-top: .75rem }
.granted summary { padding-block: .25rem; color: var(--soft); font-size: .9375rem; cursor: pointer }
.granted .scopes { margin-top: .25rem }
.account {
  display: flex; gap: .75rem; align-items: center; margin-top: 1.25rem; padding: .75rem .875rem;
  border-radius: .5rem; background: var(--quiet); font-size: .9375rem;
}
.account > div { min-inline-size: 0 }
.account p { margin: 0 }
.avatar {
  flex: none; display: grid; place-items: center; inline-size: 2.25rem; block-size: 2.25rem;
  border-radius: 50%; background: var(--card); border: 1px solid var(--border); color: var(--soft); font-weight: 600;
}
.details { display: flex; flex-wrap: wrap; gap: .125rem 1rem; margin: .75rem 0 0; padding: .75rem 0 0; border-block-start: 1px solid var(--border); list-style: none }

/* Devices */
.code {
  font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-weight: 600;
  letter-spacing: .12em; text-align: center; text-transform: uppercase;
}
input.code { min-block-size: 3.5rem; font-size: 1.5rem }
.device { margin-top: 1.25rem; padding: .875rem; border: 1px solid var(--border); border-radius: .5rem; text-align: center }
.device p { margin: 0; text-wrap: balance }
.device .code { margin: .25rem 0; font-size: 1.75rem; white-space: nowrap; user-select: all }

/* Personal access tokens: a table, or a card for each token on a narrow screen */
.account-page form > .fields { max-inline-size: 44rem; margin-top: 1rem }
.account-page .fields > .primary { inline-size: auto; justify-self: start }
.empty { margin-top: 1rem; padding: 1.5rem; border: 1px dashed var(--field-border); border-radius: .5rem; text-align: center }
.tokens { inline-size: 100%; margin-top: .75rem; border-collapse: collapse; table-layout: fixed; font-size: .9375rem }
.tokens thead :nth-child(1) { inline-size: 26% }
.tokens thead :nth-child(3), .tokens thead :nth-child(5) { inline-size: 8.75rem }
.tokens thead :nth-child(4) { inline-size: 9.5rem }
.tokens thead :nth-child(6) { inline-size: 6.25rem }
.tokens th, .tokens td { padding: .625rem .75rem; vertical-align: baseline; text-align: start; border-block-end: 1px solid var(--border) }
.tokens thead { color: var(--soft); font-size: .8125rem }
.tokens thead th { padding-block-start: 0; font-weight: 600 }
.tokens summary { cursor: pointer }
.tokens ul, .facts ul { margin: 0; padding: 0; list-style: none }
.tokens time { white-space: nowrap }
.tokens td:nth-child(4) time { white-space: normal }
.tokens tr > :first-child { padding-inline-start: 0 }
.tokens tr > :last-child { padding-inline-end: 0 }
.tokens .secondary { inline-size: auto; min-block-size: 2rem; padding: .125rem .75rem; color: var(--danger); font-size: .875rem }
@media (max-width: 67.99rem) {
  .tokens, .tokens tbody, .tokens tr, .tokens th, .tokens td { display: block }
  .tokens thead { display: none }
  .tokens tr { margin-top: .75rem; padding: .875rem; border: 1px solid var(--border); border-radius: .5rem }
  .tokens tr > th, .tokens tr > td { padding: .125rem 0; border: 0 }
  .tokens td[data-label] { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: .75rem }
  .tokens td::before { content: attr(data-label); color: var(--soft) }
  .tokens td:last-child::before { content: none }
  .tokens time { white-space: normal }
  .tokens .secondary { inline-size: fit-content; margin-top: .5rem }
}
.token {
  display: block; max-block-size: 13.25rem; overflow-y: auto; margin-top: .75rem; padding: .75rem .875rem;
  border: 1px solid var(--field-border); border-radius: .5rem; background: var(--quiet);
  font: .875rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; user-select: all;
}
.copying { margin-top: .75rem; display: grid; gap: .5rem }
.copying p { margin: 0; text-align: center }

${ACCOUNT_STYLE}${DEVELOPER_STYLE}
/* Details of an error, or of a token */
dl { margin: .5rem 0 0; display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: .25rem 1rem }
dt { color: var(--soft) }
dd { margin: 0 }
.codes { padding: .75rem .875rem; grid-template-columns: minmax(0, 1fr); gap: 0; border-radius: .5rem; background: var(--quiet) }
.codes dd + dt { margin-top: .5rem }
.codes dd { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; user-select: all }

/* Media */
@media (min-width: 30rem) { .pair { grid-template-columns: 1fr 1fr } }
@media (prefers-reduced-motion: no-preference) {
  button, .primary, .secondary, .danger, input { transition: background-color .12s, border-color .12s }
}
@media (forced-colors: active) {
  .primary, .account, .codes { border: 1px solid }
  .scopes li::before, .success::before { border-color: CanvasText }
}
@media print {
  :root { color-scheme: light }
  body { min-height: 0; background: none }
  main { border: 0; box-shadow: none }
  form, .actions, footer, .tokens .secondary { display: none }
  .token { max-block-size: none }
}
`

function colors(accent: string, scheme: 'light' | 'dark'): string {
  const { accent: fill, accentHover, onAccent, edge, link } = paletteOf(accent, scheme)
  const { page, card, quiet } = GROUNDS[scheme]
  return `--page: ${page}; --card: ${card}; --quiet: ${quiet};
  --accent: ${fill}; --accent-hover: ${accentHover}; --on-accent: ${onAccent}; --edge: ${edge}; --link: ${link};`
}
