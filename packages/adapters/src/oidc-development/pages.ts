import type { Person } from './people.ts';

/** Stands on every page, and is said at start. */
export const NOTICE = 'Development login: anybody on this machine can be anybody.';

const style = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: start center; padding: 2rem 1rem; }
main { width: 100%; max-width: 30rem; }
.notice { background: #ffe8a3; color: #4a3500; border: 1px solid #d9a400; border-radius: 6px; padding: .75rem 1rem; margin: 0 0 1.5rem; }
h1 { font-size: 1.375rem; margin: 0 0 1rem; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .5rem; }
button { font: inherit; width: 100%; text-align: left; padding: .625rem 1rem; border: 1px solid #8886; border-radius: 6px; background: transparent; color: inherit; cursor: pointer; }
button:hover, button:focus-visible { border-color: #06c; outline: 2px solid #06c4; }
button small { display: block; color: #888; }
.main { background: #06c; border-color: #06c; color: #fff; text-align: center; margin-bottom: .5rem; }
.plain { text-align: center; }
input[type=text] { font: inherit; font-size: 1.25rem; width: 100%; padding: .5rem 1rem; margin-bottom: .75rem; border: 1px solid #8886; border-radius: 6px; text-transform: uppercase; text-align: center; }
code { font: 1.5rem ui-monospace, monospace; display: block; text-align: center; margin: 1rem 0; }
`;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => entities[char] ?? char);

/** `body`: HTML that needs no escaping any more. */
const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<p class="notice" role="note">${NOTICE}</p>
<h1>${escape(title)}</h1>
${body}
</main>
</body>
</html>
`;

const toldRoles = ({ roles, platformAdmin }: Person): string => {
  const inTenants = Object.entries(roles).map(([tenant, held]) => `${held.join(', ')} in ${tenant}`);
  const all = [...(platformAdmin ? ['platform admin'] : []), ...inTenants];
  return all.length === 0 ? 'a member of no tenant' : all.join(' · ');
};

/** One button for each person. */
export const loginPage = (action: string, client: string, people: readonly Person[]): string =>
  page(
    `Who are you, for ${client}?`,
    `<form method="post" action="${escape(action)}"><ul>${people
      .map(
        (person) =>
          `<li><button name="person" value="${escape(person.id)}">${escape(person.name)}<small>${escape(toldRoles(person))}</small></button></li>`,
      )
      .join('')}</ul></form>`,
  );

/** `form`: what oidc-provider made, whose fields the buttons send. */
export const codePage = (form: string, wrong: string | null): string =>
  page(
    'Which code does your terminal show?',
    `${wrong === null ? '' : `<p role="alert">${escape(wrong)}</p>`}${form}<button class="main" type="submit" form="op.deviceInputForm">Go on</button>`,
  );

export const confirmCodePage = (form: string, client: string, code: string): string =>
  page(
    `Let ${client} in?`,
    `<p>Go on only when your terminal shows this code:</p><code>${escape(code)}</code>${form}
<button class="main" type="submit" form="op.deviceConfirmForm" autofocus>Yes, it shows this code</button>
<button class="plain" type="submit" form="op.deviceConfirmForm" name="abort" value="yes">No</button>`,
  );

export const donePage = (): string =>
  page('You are logged in', '<p>Go back to your terminal; this page may be closed.</p>');

export const logoutPage = (form: string): string =>
  page(
    'Log out?',
    `${form}<button class="main" type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Log out</button>
<button class="plain" type="submit" form="op.logoutForm">Stay logged in</button>`,
  );

export const loggedOutPage = (): string => page('You are logged out', '<p>This page may be closed.</p>');

export const errorPage = (what: string): string => page('That did not work', `<p role="alert">${escape(what)}</p>`);

export const frontPage = (people: readonly Person[]): string =>
  page(
    'The development login of Holdfast',
    `<p>Holdfast, and <code style="display:inline;font-size:1em">holdfast login</code>, lead here. These can log in:</p><ul>${people
      .map((person) => `<li><b>${escape(person.name)}</b>: ${escape(toldRoles(person))}</li>`)
      .join('')}</ul>`,
  );
