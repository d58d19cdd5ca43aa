"""A page and an API that need a sign-in, and the project's own sign-in by session."""
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response


@login_required
def home(request):
    return render(request, "home.html")


@ensure_csrf_cookie
def login_page(request):
    return render(request, "login.html")


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def orders(request):
    return Response({"member": request.user.get_username(), "orders": [{"id": 1, "item": "umbrella"}]})


@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def session_signin(request):
    user = authenticate(request, username=request.data.get("username"), password=request.data.get("password"))
    if user is None:
        return Response({"error": "The e-mail address or the password is not correct."}, status=401)
    login(request._request, user)
    return Response({"message": "Signed in."})


@api_view(["POST"])
@permission_classes([IsAuthenticated])
def session_signout(request):
    logout(request._request)
    return Response({"message": "Signed out."})
