import { AxiosError } from "axios";
import { useEffect, useState } from "react";
import { me, mayBeSignedIn, onSignedOut, signIn, signOut, signUp, type User } from "./api";

export function App() {
  const [user, setUser] = useState<User | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [person, setPerson] = useState({ username: "", email: "", password: "" });

  useEffect(() => {
    const leave = () => setUser(null);
    onSignedOut.addEventListener("signedout", leave);
    if (mayBeSignedIn()) me().then(setUser, () => undefined);
    return () => onSignedOut.removeEventListener("signedout", leave);
  }, []);

  const attempt = async (action: () => Promise<unknown>) => {
    setProblem("");
    setBusy(true);
    try {
      await action();
    } catch (error) {
      setProblem(words(error));
    } finally {
      setBusy(false);
    }
  };
  const enter = (how: () => Promise<void>) =>
    attempt(async () => {
      await how();
      setUser(await me());
    });

  if (user) {
    return (
      <main aria-busy={busy}>
        <h1 id="name">{user.username}</h1>
        <p id="email">{user.email}</p>
        <button id="reload" onClick={() => attempt(async () => setUser(await me()))}>내 정보</button>
        <button id="three" onClick={() => attempt(async () => setUser((await Promise.all([me(), me(), me()]))[0]))}>세 번 동시에</button>
        <button id="signout" onClick={() => attempt(signOut)}>로그아웃</button>
        <p id="problem">{problem}</p>
      </main>
    );
  }
  return (
    <main aria-busy={busy}>
      {(["username", "email", "password"] as const).map((name) => (
        <input
          key={name}
          name={name}
          placeholder={name}
          type={name === "password" ? "password" : "text"}
          value={person[name]}
          onChange={(event) => setPerson({ ...person, [name]: event.target.value })}
        />
      ))}
      <button id="signup" onClick={() => enter(() => signUp(person))}>회원가입</button>
      <button id="signin" onClick={() => enter(() => signIn(person.email, person.password))}>로그인</button>
      <p id="problem">{problem}</p>
    </main>
  );
}

/** munjigi's answer in words: a sentence, or the first of a field's. */
function words(error: unknown): string {
  const body = error instanceof AxiosError ? (error.response?.data as Record<string, unknown> | undefined) : undefined;
  const first = body && (body.error ?? body.detail ?? Object.values(body).flat()[0]);
  return typeof first === "string" ? first : String(error);
}
