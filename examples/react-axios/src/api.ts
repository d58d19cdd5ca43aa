// An axios instance that signs its requests, and gets itself a new access token when the old one has expired.
//
// The access token lives in memory alone: a script that gets into the page finds no token in any storage. The refresh
// token is kept for the tab, so that a reload does not sign out. To have neither in reach of a script, switch munjigi's
// AUTH_COOKIE and AUTH_COOKIE_ONLY on; then no interceptor is needed, only `withCredentials` and the CSRF header.

import axios, { AxiosError, type AxiosRequestConfig } from "axios";

const BASE = new URLSearchParams(location.search).get("api") ?? "http://127.0.0.1:8000";
const REFRESH = "refresh_token";

export interface User {
  id: number;
  username: string;
  email: string;
  age: number | null;
}

interface Tokens {
  access_token: string;
  refresh_token: string;
}

let access: string | null = null;

export const api = axios.create({ baseURL: BASE });

/** Called when the sign-in is over: the refresh token was refused. */
export const onSignedOut = new EventTarget();

api.interceptors.request.use((config) => {
  if (access) config.headers.set("Authorization", `Bearer ${access}`);
  return config;
});

api.interceptors.response.use(undefined, async (error: AxiosError<{ code?: string }>) => {
  const request = error.config as Retriable | undefined;
  // simplejwt's word for a token that is no longer good. A 401 of another kind would not get better by a new token.
  const isStale = error.response?.status === 401 && error.response.data?.code === "token_not_valid";
  if (!request || !isStale || request.retried) throw error;
  await refresh();
  const again: Retriable = { ...request, retried: true };
  return api.request(again);
});

type Retriable = AxiosRequestConfig & { retried?: true };

let refreshing: Promise<void> | null = null;

/** However many requests find their token expired at once, one asks for a new one and the others wait for it. */
function refresh(): Promise<void> {
  refreshing ??= askForTokens().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** Asked without the interceptors: a refusal here is the end of the sign-in, not a reason to refresh. */
async function askForTokens(): Promise<void> {
  try {
    const refresh_token = sessionStorage.getItem(REFRESH);
    const answer = await axios.post<Partial<Tokens>>(`${BASE}/user/jwt_refresh`, { refresh_token });
    keep(answer.data);
  } catch (error) {
    // Only munjigi's own no ends the sign-in; a lost connection does not.
    if (axios.isAxiosError(error) && error.response && error.response.status < 500) forget();
    throw error;
  }
}

/** With ROTATE_REFRESH_TOKENS a refresh token comes along; without, the old one stays. */
function keep(tokens: Partial<Tokens>): void {
  access = tokens.access_token ?? null;
  if (tokens.refresh_token) sessionStorage.setItem(REFRESH, tokens.refresh_token);
}

function forget(): void {
  access = null;
  sessionStorage.removeItem(REFRESH);
  onSignedOut.dispatchEvent(new Event("signedout"));
}

/** Whether a reload finds somebody signed in. */
export const mayBeSignedIn = (): boolean => sessionStorage.getItem(REFRESH) !== null;

export async function signUp(person: { username: string; email: string; password: string }): Promise<void> {
  keep((await api.post<Tokens>("/user/jwt_signup", person)).data);
}

export async function signIn(email: string, password: string): Promise<void> {
  keep((await api.post<Tokens>("/user/jwt_signin", { email, password })).data);
}

export async function signOut(): Promise<void> {
  try {
    await api.post("/user/jwt_signout", { refresh_token: sessionStorage.getItem(REFRESH) });
  } finally {
    forget();
  }
}

export async function me(): Promise<User> {
  if (!access) await refresh();
  return (await api.get<User>("/user/me")).data;
}
