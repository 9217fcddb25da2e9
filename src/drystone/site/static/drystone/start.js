// Pages work without this: it only adds what GOV.UK components do better with a script.
import { initAll } from '/static/govuk/govuk-frontend.min.js'
document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
