/** A page with nothing on it: what any page of this Next version weighs. */
export default function EmptyPage() {
  return <h1>Empty</h1>;
}
