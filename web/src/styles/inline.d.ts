/** A style sheet as text, for the shadow root of a component. */
declare module "*.css?inline" {
  const text: string;
  export default text;
}
