/**
 * Whether somebody is there to answer. Without a terminal a question would wait for ever, and with `--json` it would
 * stand in the middle of the document.
 */
export const isInteractive = ({ json = false }: { readonly json?: boolean }): boolean =>
  !json && process.stdin.isTTY && process.stdout.isTTY
