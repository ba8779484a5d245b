import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folderIn = (temporary: string): string => join(temporary, 'consulate-processes')

/** Stops a process when the whole run ends, even if the run is killed. Until then, it may outlive the worker. */
export function keepForRun(child: ChildProcess, signal: NodeJS.Signals): void {
  const folder = folderIn(tmpdir())
  const file = join(folder, String(child.pid))
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, signal)
  // Another process may get its number.
  child.once('exit', () => rmSync(file, { force: true }))
}

const own = new Map<ChildProcess, NodeJS.Signals>()

/** Stops a process with this one at the latest. All share one listener, because Node.js warns of more than ten. */
export function stopOnExit(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!process.listeners('exit').includes(stopOwn)) process.once('exit', stopOwn)
  own.set(child, signal)
  child.once('exit', () => own.delete(child))
}

function stopOwn(): void {
  for (const [child, signal] of own) child.kill(signal)
}

/** Stops the processes of a run. */
export function stopRunProcesses(temporary: string): void {
  const folder = folderIn(temporary)
  for (const pid of pidsIn(folder)) {
    try {
      process.kill(pid, readFileSync(join(folder, String(pid)), 'utf8'))
      // A frozen one would not notice.
      process.kill(pid, 'SIGCONT')
    } catch {
      // It has ended already.
    }
  }
}

/** Stops them when this process ends, however that happens: only then does the pipe close. */
export function stopWithThisProcess(temporary: string): void {
  const script =
    'cat; cd "$1" && for pid in *; do kill -s "$(sed s/SIG// "$pid")" "$pid"; kill -CONT "$pid"; done; rm -rf "$2"'
  const watcher = spawn('sh', ['-c', script, 'sh', folderIn(temporary), temporary], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl+C in a terminal must not end it first.
    detached: true,
  })
  watcher.unref()
}

function pidsIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number)
  } catch {
    return []
  }
}
