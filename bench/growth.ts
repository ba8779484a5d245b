/** `npm run bench:growth -- <study> [options]` runs a study of `bench/growth/`. See docs/reference/growth.md. */
const STUDIES = ['acts', 'sessions', 'expiry-index', 'partitions', 'replica', 'log']
const [study = ''] = process.argv.splice(2, 1)
if (!STUDIES.includes(study)) throw new Error(`Choose one of: ${STUDIES.join(', ')}`)
await import(`./growth/${study}.ts`)
