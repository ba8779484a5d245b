import crypto from 'node:crypto'

/**
 * The style of all pages. System fonts, nothing fetched; every pair of text and ground has a contrast of at least
 * 4.5, every border of a field 3 (WCAG 2.2 AA), in both color schemes. Directions are logical, for right-to-left words.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #eef1f4; --card: #fff; --edge: #d9dfe6; --ink: #17202b; --soft: #4d5a69;
  --field: #fff; --field-edge: #7d8998; --quiet: #f4f6f8;
  --accent: #0b5c6b; --accent-strong: #084752; --on-accent: #fff; --link: #0a5866;
  --alarm: #9c1c2b; --alarm-ground: #fdf0f0; --alarm-edge: #e6b3b8;
  --shadow: 0 1px 2px rgb(23 32 43 / .06), 0 12px 32px rgb(23 32 43 / .08);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1419; --card: #182028; --edge: #2b3640; --ink: #e8edf2; --soft: #a9b5c1;
    --field: #10161c; --field-edge: #73818f; --quiet: #1f2933;
    --accent: #7fd0de; --accent-strong: #a5e1eb; --on-accent: #06262c; --link: #8ed8e4;
    --alarm: #ffb3b8; --alarm-ground: #38181d; --alarm-edge: #713039;
    --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box }
html { font: 100%/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body {
  margin: 0; min-height: 100vh; min-height: 100svh; padding: clamp(1rem, 4vw, 3rem) 1rem;
  display: grid; grid-template-columns: minmax(0, 27rem); gap: 1.25rem;
  justify-content: center; align-content: safe center;
  background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
}
header { display: flex; align-items: center; gap: .625rem; padding-inline: .25rem; color: var(--soft); font-weight: 600 }
main {
  padding: clamp(1.25rem, 6vw, 2.25rem);
  background: var(--card); border: 1px solid var(--edge); border-radius: 1rem; box-shadow: var(--shadow);
}
.mark { flex: none; inline-size: 1.75rem; block-size: 1.75rem }
.door { fill: var(--accent) }
.keyhole { fill: var(--on-accent) }

h1 { margin: 0; font-size: 1.625rem; line-height: 1.2; letter-spacing: -.015em; text-wrap: balance }
h2 { margin: 1.75rem 0 0; font-size: 1.1875rem; line-height: 1.3 }
h3 { margin: 0; font-size: 1rem; font-weight: 400 }
p { margin: .5rem 0 0 }
[hidden] { display: none !important }
strong { font-weight: 650 }
.soft { color: var(--soft) }
.small { font-size: .875rem }
.note { margin-top: 1.25rem }
.note a { white-space: nowrap }
.asks { margin-top: 1rem; font-size: 1.0625rem }
a, .link { color: var(--link); text-underline-offset: .2em }

form { margin: 0 }
.fields { margin-top: 1.5rem; display: grid; gap: 1.125rem }
label { display: block; margin-bottom: .375rem; font-size: .9375rem; font-weight: 600 }
input {
  display: block; inline-size: 100%; min-block-size: 2.875rem; padding: .5rem .75rem;
  font: inherit; color: inherit; background: var(--field); border: 1px solid var(--field-edge); border-radius: .5rem;
}
select { display: block; inline-size: 100%; min-block-size: 2.875rem; padding: .5rem .75rem; font: inherit; color: inherit; background: var(--field); border: 1px solid var(--field-edge); border-radius: .5rem }
fieldset { min-inline-size: 0; margin: 0; padding: 0; border: 0 }
legend { margin-bottom: .375rem; padding: 0; font-size: .9375rem; font-weight: 600 }
.check { display: flex; gap: .75rem; align-items: baseline; margin: 0; padding: .375rem 0; font-size: 1rem; font-weight: 400 }
.check input { flex: none; inline-size: 1.125rem; block-size: 1.125rem; min-block-size: 0; margin: 0; accent-color: var(--accent); transform: translateY(.1875rem) }
input[aria-invalid] { border-color: var(--alarm) }
.problem {
  margin-top: 1.25rem; padding: .75rem .875rem; border: 1px solid var(--alarm-edge); border-inline-start-width: 4px;
  border-radius: .5rem; background: var(--alarm-ground); color: var(--alarm); font-weight: 500;
}

.primary, .secondary {
  display: flex; align-items: center; justify-content: center; inline-size: 100%; min-block-size: 2.875rem;
  padding: .5rem 1rem; border: 1px solid transparent; border-radius: .5rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
}
.primary { background: var(--accent); color: var(--on-accent) }
.primary:hover, .primary:active { background: var(--accent-strong) }
.secondary { background: transparent; color: var(--ink); border-color: var(--field-edge) }
.secondary:hover, .secondary:active { background: var(--quiet) }
.link { min-block-size: 1.75rem; padding: 0; border: 0; background: none; font: inherit; text-align: start; text-decoration: underline; cursor: pointer }
.link:hover, .link:active { text-decoration-thickness: 2px }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.actions { margin-top: 1.5rem; display: grid; gap: .75rem }

.scopes { margin: .875rem 0 0; padding: 0; list-style: none; border-block: 1px solid var(--edge) }
.scopes li { display: flex; gap: .75rem; padding: .6875rem .125rem }
.scopes li + li { border-block-start: 1px solid var(--edge) }
.scopes li::before {
  content: ''; flex: none; inline-size: .375rem; block-size: .75rem; margin: .3125rem .25rem 0;
  border: solid var(--accent); border-width: 0 2px 2px 0; transform: rotate(45deg);
}
.account { margin-top: 1.25rem; padding: .75rem .875rem; border-radius: .5rem; background: var(--quiet) }
.account p { margin: 0 0 .125rem }

.code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-weight: 600; letter-spacing: .12em; text-align: center; text-transform: uppercase }
input.code { min-block-size: 3.5rem; font-size: 1.5rem }
.hint { margin-top: .375rem }
.device { margin-top: 1.25rem; padding: .875rem; border: 1px solid var(--edge); border-radius: .5rem; text-align: center }
.device p { margin: 0 }
.device .code { margin: .25rem 0; font-size: 1.75rem; white-space: nowrap; user-select: all }

.items { margin: .875rem 0 0; padding: 0; list-style: none; display: grid; gap: .75rem }
.item { padding: .875rem; border: 1px solid var(--edge); border-radius: .5rem }
.item .scopes { margin-top: .375rem; border: 0; font-size: .9375rem }
.item .scopes li { padding: .125rem 0; border: 0 }
.item dd { font-family: inherit; user-select: auto }
.item form { margin-top: .625rem }
.token {
  display: block; max-block-size: 13.25rem; overflow-y: auto; margin-top: .75rem; padding: .75rem .875rem;
  border: 1px solid var(--field-edge); border-radius: .5rem; background: var(--quiet);
  font: .875rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; user-select: all;
}
.copying { margin-top: .75rem; display: grid; gap: .5rem }
.copying p { margin: 0; text-align: center }

dl { margin: .5rem 0 0; padding: .75rem .875rem; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .25rem 1rem; border-radius: .5rem; background: var(--quiet) }
dt { color: var(--soft) }
dd { margin: 0; font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; user-select: all }

@media (min-width: 30rem) { .pair { grid-template-columns: 1fr 1fr } }
@media (prefers-reduced-motion: no-preference) { button, .primary, input { transition: background-color .12s, border-color .12s } }
@media (forced-colors: active) { .primary, .problem, .account { border: 1px solid } .door { fill: CanvasText } .keyhole { fill: Canvas } }
@media print { :root { color-scheme: light } body { min-height: 0; background: none } main { border: 0; box-shadow: none } form, .actions { display: none } .token { max-block-size: none } }
`

/** The style as a source of a Content-Security-Policy (CSP Level 3 section 2.3.1). */
export const STYLE_SOURCE = `'sha256-${crypto.hash('sha256', STYLE, 'base64')}'`
