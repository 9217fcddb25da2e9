// P47: a page left alone goes, and the lock takes its place. The server decides; this only asks it in time, so that
// nothing stays in sight. Without a script the page's own refresh does it.
const { idle, locked, here } = document.body.dataset
const limit = Number(idle) * 1000
const notice = Math.min(60_000, limit / 4)
const REPORT = 30_000 // how often work on the page is reported at most
let seen = Date.now()
let reported = seen
let timer

const token = () => document.querySelector('input[name=csrfmiddlewaretoken]')?.value
const warning = document.createElement('div')
warning.className = 'ds-idle'
warning.setAttribute('role', 'status')

function leave () {
  document.body.hidden = true
  window.location.replace(`${locked}?${new URLSearchParams({ next: window.location.pathname + window.location.search })}`)
}

async function left (method) {
  const headers = { Accept: 'application/json', 'X-CSRFToken': token() ?? '' }
  const answer = await fetch(here, { method, headers, redirect: 'error' })
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
  return (await answer.json()).left * 1000
}

function wait (milliseconds) {
  clearTimeout(timer)
  warning.textContent = ''
  if (milliseconds <= 0) return leave()
  timer = setTimeout(warn, Math.max(0, milliseconds - notice))
}

async function warn () {
  // Another window of the same browser may be in use.
  const rest = await left('GET').catch(() => limit - (Date.now() - seen))
  if (rest > notice + 1000) return wait(rest)
  if (rest <= 0) return leave()
  warning.textContent = 'This screen is about to lock, because nobody is using it. Move the mouse or press a key to stay.'
  timer = setTimeout(async () => wait(await left('GET').catch(() => 0)), rest)
}

async function work () {
  seen = Date.now()
  const told = warning.textContent !== ''
  if (!told && seen - reported < REPORT) return
  reported = seen
  warning.textContent = ''
  wait(await left('POST').catch(() => limit))
}

document.body.append(warning)
for (const kind of ['keydown', 'pointerdown', 'pointermove', 'scroll', 'input']) {
  document.addEventListener(kind, work, { passive: true, capture: true })
}
document.addEventListener('visibilitychange', () => { if (!document.hidden) warn() })
window.addEventListener('pageshow', event => { if (event.persisted) window.location.reload() })
wait(limit)
