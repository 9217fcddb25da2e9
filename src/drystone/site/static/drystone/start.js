// Pages work without this: it only adds what GOV.UK components do better with a script.
import { initAll } from '../govuk-frontend/govuk-frontend.min.js'
document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}

// GOV.UK marks a radio that reveals a question with aria-expanded, which ARIA 1.2 does not allow on a radio.
// The question follows in reading order at once, so nothing is lost without it.
function withoutExpanded () {
  for (const radio of document.querySelectorAll('input[type=radio][aria-expanded]')) radio.removeAttribute('aria-expanded')
}
withoutExpanded()
document.addEventListener('change', withoutExpanded)
window.addEventListener('pageshow', withoutExpanded)
