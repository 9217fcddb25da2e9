// Pages work without this: it only adds what GOV.UK components do better with a script.
import { initAll } from '../govuk-frontend/govuk-frontend.min.js'
document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}
