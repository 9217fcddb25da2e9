// Passkeys (WebAuthn): only a script can ask the device for one. Its buttons stay hidden where that cannot work.
const json = window.webauthnJSON

const FAULTS = {
  NotAllowedError: 'The device did not give a passkey: it was cancelled, or took too long. Try again.',
  InvalidStateError: 'This device has a passkey for your account already.',
  SecurityError: 'Passkeys need an address with a name over HTTPS. Open these pages by the address that the school gave you.'
}

async function options (form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options)
  const answer = await fetch(form.action, { headers: { Accept: 'application/json', 'X-Requested-With': 'XMLHttpRequest' } })
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
  return (await answer.json()).request_options
}

async function ask (form) {
  const wanted = await options(form)
  if (form.dataset.passkey !== 'create') return json.get(wanted)
  // Kept on the device, and opened by a finger, a face or a PIN: so it is two steps in one.
  const choice = wanted.publicKey.authenticatorSelection ??= {}
  Object.assign(choice, { residentKey: 'required', requireResidentKey: true, userVerification: 'required' })
  return json.create(wanted)
}

function prepare (form) {
  const button = form.querySelector('button')
  const fault = form.querySelector('[data-passkey-fault]')
  button.hidden = false
  form.addEventListener('submit', async event => {
    event.preventDefault()
    fault.hidden = true
    button.disabled = true
    try {
      form.elements.credential.value = JSON.stringify(await ask(form))
      form.submit() // sends without coming here again
    } catch (error) {
      fault.textContent = FAULTS[error.name] ?? `The passkey did not work: ${error.message}`
      fault.hidden = false
    }
    button.disabled = false
  })
}

const here = document.querySelectorAll('form[data-passkey]')
if (json && window.isSecureContext && window.PublicKeyCredential) {
  here.forEach(prepare)
  document.querySelectorAll('[data-without-passkeys]').forEach(element => { element.hidden = true })
}
