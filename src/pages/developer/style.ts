/** The style of the pages on which users manage their own apps. */
export const DEVELOPER_STYLE = `
/* Developer apps */
.own-apps { margin: .75rem 0 0; padding: 0; list-style: none; border-block-start: 1px solid var(--border) }
.own-apps li {
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; gap: .75rem 1rem;
  padding: .875rem 0; border-block-end: 1px solid var(--border);
}
.own-apps p { margin: 0 }
.own-apps .icon, .app-heading .icon, .picker .icon { margin: 0; flex: none }
.own-apps .secondary { inline-size: auto; min-block-size: 2.25rem; padding: .25rem .875rem; font-size: .875rem }
.app-heading { display: flex; align-items: center; gap: 1rem; margin-top: .75rem }
.app-heading h1 { min-inline-size: 0 }
.credentials { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 0 2.5rem }
.credentials h2 { font-size: 1rem }
.credentials .actions, .danger-zone { justify-items: start }
.credentials .secondary, .danger-zone .secondary { inline-size: auto }
.credentials .actions { margin-top: .75rem }
.credentials .copying { grid-template-columns: auto minmax(0, 1fr); align-items: center; justify-items: start }
.fields .hint, .field-errors { margin-top: .375rem }
.field-errors { margin-block-end: 0; padding: 0; list-style: none; color: var(--danger); font-weight: 500 }
.check + .hint { margin-top: 0 }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem }
.buttons > * { inline-size: auto }
.picker > div { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem 1rem }
.picker input[type=file] { inline-size: auto; flex: 1 1 14rem; min-inline-size: 0 }
::file-selector-button {
  margin-inline-end: .75rem; padding: .25rem .75rem; border: 1px solid var(--field-border); border-radius: .375rem;
  background: var(--card); color: var(--text); font: inherit; font-size: .875rem; font-weight: 600; cursor: pointer;
}
.picker p:empty { margin: 0 }
.app-scopes { max-inline-size: 44rem; margin-top: 1.5rem }
.app-scopes summary { cursor: pointer; font-weight: 600 }
.app-scopes code, .facts code { font: .875rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace }
.danger-zone {
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .75rem 1.5rem;
  margin-top: 2.5rem; padding: 1rem 1.125rem; border: 1px solid var(--danger-border); border-radius: .5rem;
}
.danger-zone h2 { margin: 0; font-size: 1rem }
.danger-zone p { margin: .125rem 0 0 }
.danger-zone .secondary { color: var(--danger) }
`
